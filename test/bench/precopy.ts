import { setTimeout as sleep } from 'node:timers/promises';
import type { VmLab } from '../lab/vm/vm-lab.ts';
import type { Sample, VmBenchmark } from './benchmark.ts';
import { clockLead } from './clock-lead.ts';
import { phaulMigrate } from './phaul.ts';
import { startWriter, stopWriter } from './process.ts';

const megabytesPerSecond = 2;
const aroundMs = 2000;

/** What is known of one migration, in ms. */
interface Moved {
  /** The process's longest gap. */
  readonly gap: number;
  /** From the command's start to its end. */
  readonly total: number;
}

export const freeze512Precopy: VmBenchmark = {
  name: 'freeze-512-precopy',
  lab: 'vm',
  unit: 'ms',
  description: `how long a process with 512 MiB, which rewrites ${megabytesPerSecond} MB of it per second, stands still after iterations`,
  phaul: async (lab) => ({ value: (await moved(lab, 512, byPhaul)).gap }),
  rival: async (lab) => ({ value: (await moved(lab, 512, byCriu)).gap }),
};

export const total512Precopy: VmBenchmark = {
  name: 'total-512-precopy',
  lab: 'vm',
  unit: 'ms',
  description: 'all of that migration, from the command to its end',
  phaul: async (lab) => ({ value: (await moved(lab, 512, byPhaul)).total }),
  rival: async (lab) => ({ value: (await moved(lab, 512, byCriu)).total }),
};

export const freeze512Over16: VmBenchmark = {
  name: 'freeze-512-over-16',
  lab: 'vm',
  unit: 'ms',
  description: `phaul's freezeMs with 512 MiB; the rival: with 16 MiB, of which as much is rewritten`,
  phaul: (lab) => freeze(lab, 512),
  rival: (lab) => freeze(lab, 16),
};

async function freeze(lab: VmLab, mebibytes: number): Promise<Sample> {
  let value: number | undefined;
  let predicted = 0;
  await moved(lab, mebibytes, async (on, pid) => {
    await phaulMigrate(on.host('a'), ['--type', 'pid', pid, 'b'], (event) => {
      if (event.type !== 'result') return;
      value = event.freezeMs;
      predicted = event.predictedFreezeMs ?? 0;
    }).result;
  });
  if (value === undefined) throw new Error('phaul did not say for how long it stood still');
  return { value, parts: { predicted } };
}

const byPhaul = (lab: VmLab, pid: string): Promise<void> =>
  phaulMigrate(lab.host('a'), ['--type', 'pid', pid, 'b']).result;

async function byCriu(lab: VmLab, pid: string): Promise<void> {
  await lab.host('a').run(['bash', '/opt/phaul/test/bench/rivals/precopy.sh', pid, 'b']);
}

/** @throws if the process's memory is not what it was, or it does not run on b alone */
async function moved(
  lab: VmLab,
  mebibytes: number,
  move: (lab: VmLab, pid: string) => Promise<void>,
): Promise<Moved> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const lead = await clockLead(a, b);
  const pid = await startWriter(a, mebibytes, megabytesPerSecond);
  try {
    await sleep(aroundMs);
    const began = performance.now();
    await move(lab, String(pid));
    const total = performance.now() - began;
    await sleep(aroundMs);
    const { errors, longestGapMs } = await stopWriter(b, pid);
    if (errors > 0) throw new Error(`${errors} pages were not what they had been`);
    // It began by one clock and ended by the other.
    return { gap: longestGapMs - lead, total };
  } finally {
    await Promise.all([a, b].map((host) => host.run(['kill', '-KILL', String(pid)], { check: false })));
  }
}
