import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import koffi from 'koffi';
import { socketPair, socketTypes } from '../linux/socket-pair.ts';

const libc = koffi.load(null);
const dup3 = libc.func('int dup3(int, int, int)');
const fcntl = libc.func('int fcntl(int, int, ...)');

// Linux on x86-64 and arm64.
const SOCK_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const F_GETFL = 3;
const F_SETFL = 4;

/**
 * A SEQPACKET pair, which `criu swrk` insists on (it sizes each message by MSG_TRUNC|MSG_PEEK, criu/cr-service.c:59):
 * our end as a Socket on which one write is one packet and one 'data' event is one packet, and the other end as a blocking
 * descriptor to hand to a child. Only one write may be in flight: Node merges queued writes into one packet.
 *
 * Node refuses to make a Socket of a SEQPACKET descriptor, so the Socket is made of a stream socket, over whose descriptor
 * the real one is put before libuv registers it with epoll, which it does at the end of this tick.
 *
 * @throws Error if the kernel refuses the sockets.
 */
export function seqpacketPair(): { ours: Socket; theirs: number } {
  const shell = socketPair(socketTypes.stream);
  const real = socketPair(socketTypes.seqpacket);
  const ours = new Socket({ fd: shell[0], readable: true, writable: true });
  ours.pause();
  fcntl(real[0], F_SETFL, 'int', (fcntl(real[0], F_GETFL, 'int', 0) as number) | O_NONBLOCK);
  if (dup3(real[0], shell[0], SOCK_CLOEXEC) < 0) throw new Error(`dup3: errno ${koffi.errno()}`);
  closeSync(real[0]);
  closeSync(shell[1]);
  ours.resume();
  return { ours, theirs: real[1] };
}
