import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import type { Benchmark, Sample } from './benchmark.ts';
import { phaulMigrate } from './phaul.ts';
import { startWriter, stopWriter } from './process.ts';
import { warmMemory } from './warm-memory.ts';

const megabytesPerSecond = 20;
const aroundMs = 500;

export const process512Pause = processBenchmark('process-512-pause', 512);
export const freeze1gFull = processBenchmark('freeze-1g-full', 1024);

function processBenchmark(name: string, mebibytes: number): Benchmark {
  return {
    name,
    unit: 'ms',
    description: `how long a process with ${mebibytes} MiB, which rewrites ${megabytesPerSecond} MB of it per second, stands still`,
    phaul: (lab) =>
      pause(lab, mebibytes, (pid) => phaulMigrate(lab.host('a'), ['--type', 'pid', pid, 'b']).result),
    rival: (lab) =>
      pause(lab, mebibytes, (pid) =>
        lab.host('a').run(['bash', '/opt/phaul/test/bench/rivals/process.sh', pid, 'b']),
      ),
  };
}

/** The process's longest pause while `move` takes place. @throws if its memory is not what it was, or it does not run on b alone */
async function pause(lab: Lab, mebibytes: number, move: (pid: string) => Promise<unknown>): Promise<Sample> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const pid = await startWriter(a, mebibytes, megabytesPerSecond);
  try {
    await warmMemory(b, 3 * mebibytes);
    await sleep(aroundMs);
    await move(String(pid));
    await sleep(aroundMs);
    const { errors, longestGapMs } = await stopWriter(b, pid);
    if (errors > 0) throw new Error(`${errors} pages were not what they had been`);
    return { value: longestGapMs };
  } finally {
    await Promise.all([a, b].map((host) => host.run(['kill', '-KILL', String(pid)], { check: false })));
  }
}
