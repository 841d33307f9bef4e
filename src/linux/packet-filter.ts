import koffi from 'koffi';

const libc = koffi.load(null);
const sockFilter = koffi.struct('sock_filter', {
  code: 'uint16_t',
  jt: 'uint8_t',
  jf: 'uint8_t',
  k: 'uint32_t',
});
const sockFprog = koffi.struct('sock_fprog', { len: 'uint16_t', filter: koffi.pointer(sockFilter) });
const setFilter = libc.func('setsockopt', 'int', ['int', 'int', 'int', koffi.pointer(sockFprog), 'uint32_t']);

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;

/** A classic BPF instruction: code, jump if true, jump if false, operand (struct sock_filter). */
export type Instruction = readonly [code: number, jt: number, jf: number, k: number];

const loadWord = 0x20;
const loadHalf = 0x28;
const loadByte = 0x30;
const loadByteAfterX = 0x50;
const headerLengthToX = 0xb1; // Four times the low half of a byte: the length of an IPv4 header.
const and = 0x54;
const jump = 0x05;
const jumpEqual = 0x15;
const jumpAny = 0x45;
const ret = 0x06;
// Ancillary loads (linux/filter.h): SKF_AD_OFF plus SKF_AD_PKTTYPE and SKF_AD_IFINDEX.
const packetType = 0xfffff004;
const arrivalInterface = 0xfffff008;
const outgoing = 4;

/**
 * Frames to a MAC address, whatever brought them here, go on to the instructions after these; any other is dropped.
 * @param bridge the index of the one interface whose outgoing frames count, too
 */
export function frameTo(mac: string, bridge: number): Instruction[] {
  const bytes = Buffer.from(mac.replaceAll(':', ''), 'hex');
  return [
    [loadWord, 0, 0, packetType],
    [jumpEqual, 0, 3, outgoing],
    [loadWord, 0, 0, arrivalInterface],
    [jumpEqual, 1, 0, bridge],
    [ret, 0, 0, 0],
    [loadWord, 0, 0, 0],
    [jumpEqual, 1, 0, bytes.readUInt32BE(0)],
    [ret, 0, 0, 0],
    [loadHalf, 0, 0, 4],
    [jumpEqual, 1, 0, bytes.readUInt16BE(4)],
    [ret, 0, 0, 0],
  ];
}

/** Gives `result` for every frame. */
export const always = (result: number): Instruction[] => [[ret, 0, 0, result]];

const [ipv4, ipv6] = [0x0800, 0x86dd];
const tcp = 6;
const [syn, ack] = [0x02, 0x10];
const ethernet = 14;

/** Gives `yes` for an Ethernet frame that asks for a TCP connection (SYN without ACK), `no` for every other. */
export function opensConnection(yes: number, no: number): Instruction[] {
  return [
    [loadHalf, 0, 0, 12],
    [jumpEqual, 0, 7, ipv4],
    [loadByte, 0, 0, ethernet + 9],
    [jumpEqual, 0, 12, tcp],
    [loadHalf, 0, 0, ethernet + 6],
    [jumpAny, 10, 0, 0x1fff], // A fragment that is not the first.
    [headerLengthToX, 0, 0, ethernet],
    [loadByteAfterX, 0, 0, ethernet + 13],
    [jump, 0, 0, 4],
    [jumpEqual, 0, 6, ipv6],
    [loadByte, 0, 0, ethernet + 6],
    [jumpEqual, 0, 4, tcp],
    [loadByte, 0, 0, ethernet + 40 + 13],
    [and, 0, 0, syn | ack],
    [jumpEqual, 0, 1, syn],
    [ret, 0, 0, yes],
    [ret, 0, 0, no],
  ];
}

/** @throws Error if the kernel does not take it */
export function attachFilter(fd: number, program: readonly Instruction[]): void {
  const filter = program.map(([code, jt, jf, k]) => ({ code, jt, jf, k }));
  if (
    setFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, { len: filter.length, filter }, koffi.sizeof(sockFprog)) < 0
  )
    throw new Error(`packet filter: errno ${koffi.errno()}`);
}
