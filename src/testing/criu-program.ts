import { Socket } from 'node:net';
import { startSibling } from '../linux/sibling.ts';

// A program of its own: plays the CRIU that a stand-in has become. See play-criu.ts.
const socket = new Socket({ fd: 3, readable: true, writable: true });
const root = startSibling('sleep', ['1000']);
const give = (exitCode: number): void => {
  if (exitCode !== 0) process.kill(root, 'SIGKILL');
  process.exit(exitCode);
};
socket.on('data', () => give(0));
socket.on('error', () => give(1));
socket.on('close', () => give(1));
socket.write(`${root}\n`);
