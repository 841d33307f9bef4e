import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { becomeProgram, takeDescriptors } from '../linux/become.ts';
import type { StandInTask } from './stand-in.ts';

// A program of its own: waits in the place of CRIU until phaul says what it is to become. See stand-in.ts.
const waits = process.env['PHAUL_STAND_IN'] ?? '';
const args = process.argv.slice(2);
let keeper: Socket | null = null;
// The first place is where this one was found.
process.env['PATH'] = process.env['PATH']?.replace(/^[^:]*:/, '');

const giveUp = (): never => {
  rmSync(waits, { force: true });
  process.exit(1);
};

const server = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  if (!keeper) {
    keeper = socket;
    // Whoever wanted this restore does not want it any more, or is dead.
    socket.on('close', giveUp);
    socket.write(`${JSON.stringify({ pid: process.pid, args })}\n`);
    socket.resume();
    return;
  }
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (!said.endsWith('\n')) return;
    const { pid, program, args: words, descriptors, path } = JSON.parse(said) as StandInTask;
    if (path !== undefined) process.env['PATH'] = path;
    const taken = takeDescriptors(pid, descriptors);
    // With the next line nothing of this program is left, and the socket is closed.
    socket.write(`${process.pid}\n`, () => becomeProgram(program, words, taken));
  });
});
server.on('error', giveUp);
server.listen(waits);
