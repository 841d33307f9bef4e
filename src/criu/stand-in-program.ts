import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { becomeProgram, takeDescriptors } from '../linux/become.ts';
import { processStart } from '../linux/processes.ts';
import type { StandInTask } from './stand-in.ts';

// A program of its own: waits in the place of CRIU until phaul says what it is to become. See stand-in.ts.
const waits = process.env['PHAUL_STAND_IN'] ?? '';
const args = process.argv.slice(2);
let keeper: Socket | null = null;
// The first place is where this one was found.
process.env['PATH'] = process.env['PATH']?.replace(/^[^:]*:/, '');

const [companion = '', since] = (process.env['PHAUL_STAND_IN_COMPANION'] ?? '').split(' ');

const giveUp = async (): Promise<void> => {
  rmSync(waits, { force: true });
  if (companion !== '' && (await processStart(Number(companion))) === since)
    process.kill(Number(companion), 'SIGKILL');
  process.exit(1);
};

// Until it has come: who started this one has a long way to here, and may have outlived it.
const phaul = Number(process.env['PHAUL_STAND_IN_FOR']);
const born = processStart(phaul);
const watch = setInterval(() => {
  void Promise.all([born, processStart(phaul)]).then(([before, now]) => {
    if (!keeper && (now === null || now !== before)) return giveUp();
  });
}, 1000);

const server = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  if (!keeper) {
    keeper = socket;
    clearInterval(watch);
    // Whoever wanted this restore does not want it any more, or is dead.
    socket.on('close', () => void giveUp());
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
server.on('error', () => void giveUp());
server.listen(waits);
