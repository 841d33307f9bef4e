import { readFileSync } from 'node:fs';
import { processesOf } from '../lab/cgroups.ts';
import type { HostName } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import type { Benchmark } from './benchmark.ts';
import { phaulMigrate } from './phaul.ts';
import { startWriter } from './process.ts';

const mebibytes = 512;
const everyMs = 10;

export const memory: Benchmark = {
  name: 'memory',
  unit: 'MB',
  description: `peak resident memory of phaul itself while it moves a process with ${mebibytes} MiB, the larger of its two sides`,
  phaul: async (lab) => {
    const [a, b] = [lab.host('a'), lab.host('b')];
    const pid = await startWriter(a, mebibytes, 20);
    const source = peakMeter(lab, 'a');
    const target = peakMeter(lab, 'b');
    const timer = setInterval(() => [source, target].forEach((meter) => meter.sample()), everyMs);
    try {
      await phaulMigrate(a, ['--type', 'pid', String(pid), 'b']).result;
      const parts = { source: source.peak(), target: target.peak() };
      return { value: Math.max(parts.source, parts.target), parts };
    } finally {
      clearInterval(timer);
      await Promise.all([a, b].map((host) => host.run(['kill', '-KILL', String(pid)], { check: false })));
    }
  },
};

/** Watches phaul's own process on one host. The kernel keeps its peak (VmHWM), so the last look before its end counts. */
function peakMeter(lab: Lab, host: HostName): { sample: () => void; peak: () => number } {
  let peak = 0;
  return {
    sample: () => {
      for (const pid of processesOf(lab.name, host)) peak = Math.max(peak, peakOf(pid));
    },
    peak: () => {
      if (peak === 0) throw new Error(`phaul was not seen on ${host}`);
      return peak;
    },
  };
}

/** In MB; 0 if the process is not phaul, or is gone. */
function peakOf(pid: number): number {
  try {
    const [file = '', script = ''] = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    if (!/(^|\/)node$/.test(file) || !script.endsWith('/dist/bundle/src/cli/main.js')) return 0;
    const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return (Number(kibibytes ?? 0) * 1024) / 1e6;
  } catch {
    return 0;
  }
}
