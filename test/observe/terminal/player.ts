// Plays a recorded run to phaul's own output, in the time of the recording. To be run in a pseudo-terminal:
//   player.ts RUN.jsonl '{"verbose": false, …}' '{"frozen": [40, 24]}'     (the size that the terminal gets after that event)
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeSync } from 'node:fs';
import { outlet, type Outlet } from '../../../src/cli/outlet.ts';
import { outputFor } from '../../../src/cli/output.ts';
import type { PhaulEvent } from '../../../src/observe/events.ts';
import { handClock } from '../hand-clock.ts';
import { mark } from './marks.ts';

const [run = '', options = '{}', sizes = '{}'] = process.argv.slice(2);
const asked = { json: false, verbose: false, quiet: false, ...(JSON.parse(options) as object) };
const resizes = JSON.parse(sizes) as Record<string, [number, number]>;

const clock = handClock();
const outlets: Outlet[] = [];
const open = (fd: number): Outlet => {
  const made = outlet(fd);
  outlets.push(made);
  return made;
};
const { listeners } = await outputFor(asked, false, { clock, open });

for (const line of readFileSync(run, 'utf8').split('\n').filter(Boolean)) {
  const event = JSON.parse(line) as PhaulEvent;
  // Step by step: a frame is left out where the one before has not been written.
  while (clock.now() < event.ms) {
    clock.advanceTo(Math.min(clock.now() + 100, event.ms));
    await written();
  }
  for (const listener of listeners) listener(event);
  await written();
  writeSync(1, mark(event.type));
  const size = resizes[event.type];
  if (size) await resize(size);
}

async function resize([columns, rows]: [number, number]): Promise<void> {
  const resized = once(process.stdout, 'resize');
  // Waiting for a signal keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  spawnSync('stty', ['cols', String(columns), 'rows', String(rows)], {
    stdio: ['inherit', 'ignore', 'inherit'],
  });
  await resized;
  clearInterval(alive);
  writeSync(1, mark(`size ${columns} ${rows}`));
  clock.advanceTo(clock.now() + 100);
  await written();
  writeSync(1, mark('redrawn'));
}

async function written(): Promise<void> {
  while (outlets.some(({ busy }) => busy())) await new Promise((resolve) => setImmediate(resolve));
}
