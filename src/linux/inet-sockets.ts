import { readFile } from 'node:fs/promises';

/** An IP socket that is bound or connected, as /proc/net/tcp and its like show it. */
export interface InetSocket {
  readonly protocol: 'tcp' | 'udp';
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Waits for connections, or (UDP) for packets from anybody. */
  readonly listens: boolean;
  /** Has another end. */
  readonly connected: boolean;
  /** Its other end has asked for the connection, and has not confirmed it yet. */
  readonly opening: boolean;
  /** No process has it any more, and its other end has not confirmed all that was said. */
  readonly leaving: boolean;
  /** How many connections wait for a process to accept them. */
  readonly unaccepted: number;
  /** 0: no process has it any more. */
  readonly inode: number;
}

export interface Endpoint {
  /** An IPv6 address that stands for an IPv4 one is written as that. */
  readonly address: string;
  readonly port: number;
}

const tables = ['tcp', 'tcp6', 'udp', 'udp6'] as const;

/** All of the network namespace in which a process is. */
export async function inetSockets(pid: number | 'self'): Promise<InetSocket[]> {
  const texts = await Promise.all(
    tables.map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')),
  );
  return texts.flatMap((text, index) =>
    parseInetSockets(text, tables[index]!.startsWith('tcp') ? 'tcp' : 'udp'),
  );
}

// net/tcp_states.h; a UDP socket is one of the first two.
const established = 1;
const opening = 3;
const closed = 7;
// FIN_WAIT1, LAST_ACK, CLOSING.
const unconfirmed: readonly number[] = [4, 9, 11];
const listening = 10;

export function parseInetSockets(text: string, protocol: InetSocket['protocol']): InetSocket[] {
  return text.split('\n').flatMap((line) => {
    const [place, local = '', remote = '', state = '', queues = '', , , , , inode] = line.trim().split(/\s+/);
    if (!/^\d+:$/.test(place ?? '')) return [];
    const code = parseInt(state, 16);
    const tcp = protocol === 'tcp';
    const listens = code === (tcp ? listening : closed);
    return [
      {
        protocol,
        local: endpoint(local),
        remote: endpoint(remote),
        listens,
        connected: tcp ? code !== listening && code !== closed : code === established,
        leaving: tcp && inode === '0' && unconfirmed.includes(code),
        opening: tcp && code === opening,
        // The second of the queues; of a TCP socket that listens it is the length of its backlog (get_tcp4_sock).
        unaccepted: tcp && listens ? parseInt(queues.split(':')[1] ?? '', 16) : 0,
        inode: Number(inode),
      },
    ];
  });
}

export const isWildcard = ({ address }: Pick<Endpoint, 'address'>): boolean =>
  address === '0.0.0.0' || address === '::';
export const isLoopback = ({ address }: Endpoint): boolean => address.startsWith('127.') || address === '::1';

function endpoint(text: string): Endpoint {
  const [address = '', port = ''] = text.split(':');
  // Words of 32 bits in the order of this machine's bytes.
  const bytes = Buffer.from(address, 'hex').swap32();
  return { address: bytes.length === 4 ? bytes.join('.') : ipv6(bytes), port: parseInt(port, 16) };
}

function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  const text = groups.join(':');
  if (text.startsWith('0:0:0:0:0:ffff:')) return bytes.subarray(12).join('.');
  const [zeros] = [...text.matchAll(/\b0(:0)+\b/g)].sort(([a], [b]) => b.length - a.length);
  if (!zeros) return text;
  const { 0: run, index: at } = zeros;
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + run.length).replace(/^:/, '')}`;
}
