import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { PhaulError } from '../errors.ts';
import type { Destination } from './destination.ts';
import { forwardingRefused, sshFailure } from './ssh-failure.ts';
import { channelSockets, socketsIn, type Transport } from './transport.ts';

/** How to log in. */
export interface Login {
  /** A host key that was never seen is added to known_hosts; a changed one is refused all the same. */
  readonly acceptNewHostKey: boolean;
}

export interface SshOptions extends Login {
  /** The migration's id, part of the socket paths on the target. */
  readonly migration: string;
  /** A directory of this host for the near ends of the mem and fs channels; null: the rpc channel alone. */
  readonly directory: string | null;
}

/**
 * Reaches the target with the user's own OpenSSH, hence with their configuration, agent, keys and known_hosts, and starts
 * 'phaul service --stdio' there. The rpc channel is that command's standard input and output; mem and fs are Unix sockets that
 * ssh forwards to the service's inside the same connection, so their bytes never pass through JavaScript on either host.
 */
export function connectSsh(destination: Destination, options: SshOptions): Transport {
  const near = socketsIn(options.directory ?? '');
  const far = channelSockets(options.migration);
  const child = spawn('ssh', sshArguments(destination, options, near, far), {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C on the terminal must not cut the connection: phaul needs it to undo.
    detached: true,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-8192);
    // Nobody else would notice: the near end of the stream is open.
    if (forwardingRefused.test(said)) child.kill('SIGTERM');
  });
  // Writes after the connection broke; `closed` tells.
  child.stdin.on('error', () => undefined);
  const closed = new Promise<PhaulError>((resolve) => {
    child.on('error', (cause) => resolve(new PhaulError('TOOL_MISSING', 'ssh is not installed.', { cause })));
    child.on('close', (code) => resolve(sshFailure(code, said, destination.host)));
  });
  return {
    rpc: { input: child.stdout, output: child.stdin },
    login: options.directory === null ? null : loginArguments(destination, options, { shared: near.ssh }),
    openMem: () => open(near.mem),
    openFs: (driver) => open(near.fs[driver] ?? ''),
    closed,
    close: () => void child.kill('SIGTERM'),
  };
}

type Sockets = ReturnType<typeof socketsIn>;

function sshArguments(to: Destination, options: SshOptions, near: Sockets, far: Sockets): string[] {
  const sharing = options.directory === null ? {} : { own: near.ssh, forwarding: forwards(near, far) };
  return [...loginArguments(to, options, sharing), 'phaul service --stdio'];
}

interface Sharing {
  /** Where others may join this connection. */
  readonly own?: string;
  /** Whose connection to join, without another login. */
  readonly shared?: string;
  /** Options that open channels. */
  readonly forwarding?: readonly string[];
}

/** What ssh is started with; the command follows. */
function loginArguments(
  to: Destination,
  options: Login,
  { own, shared, forwarding = [] }: Sharing,
): string[] {
  const settings = {
    BatchMode: 'yes',
    StrictHostKeyChecking: options.acceptNewHostKey ? 'accept-new' : 'yes',
    ConnectTimeout: '10',
    // A dead link is known after 6 s: the container may be frozen meanwhile.
    ServerAliveInterval: '2',
    ServerAliveCountMax: '3',
    // A connection of our own, whatever sharing the user has configured: closing it must end everything.
    ControlMaster: own === undefined ? 'no' : 'yes',
    ControlPath: own ?? shared ?? 'none',
    ControlPersist: 'no',
    // AES-GCM moves memory two to three times as fast as OpenSSH's default on a CPU with AES instructions.
    Ciphers: '^aes128-gcm@openssh.com',
    StreamLocalBindUnlink: 'yes',
  };
  return [
    '-T',
    ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
    ...forwarding,
    ...(to.port === undefined ? [] : ['-p', String(to.port)]),
    ...(to.user === undefined ? [] : ['-l', to.user]),
    '--',
    to.host,
  ];
}

function forwards(near: Sockets, far: Sockets): string[] {
  return [near.mem, ...near.fs].flatMap((path, index) => ['-L', `${path}:${[far.mem, ...far.fs][index]}`]);
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.pause();
    const failed = (cause: unknown): void =>
      reject(new PhaulError('SSH_FORWARDING', 'A channel to the target could not be opened.', { cause }));
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      // Whoever uses the stream sees its end; without a listener an error would end the process.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}
