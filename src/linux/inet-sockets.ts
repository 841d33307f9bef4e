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
const closed = 7;
const listening = 10;

export function parseInetSockets(text: string, protocol: InetSocket['protocol']): InetSocket[] {
  return text.split('\n').flatMap((line) => {
    const [place, local = '', remote = '', state = '', , , , , , inode] = line.trim().split(/\s+/);
    if (!/^\d+:$/.test(place ?? '')) return [];
    const code = parseInt(state, 16);
    const tcp = protocol === 'tcp';
    return [
      {
        protocol,
        local: endpoint(local),
        remote: endpoint(remote),
        listens: code === (tcp ? listening : closed),
        connected: tcp ? code !== listening && code !== closed : code === established,
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
