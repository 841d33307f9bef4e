import { removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import type { Benchmark } from './benchmark.ts';
import { phaulMigrate } from './phaul.ts';
import { startRedis } from '../lab/redis.ts';

export const startUp: Benchmark = {
  name: 'start-up',
  unit: 'ms',
  description: "from the command's start to the freeze, for Redis whose files were copied before",
  phaul: async (lab) => {
    const [a, b] = [lab.host('a'), lab.host('b')];
    try {
      await startRedis(a, { mebibytes: 64 });
      await untilFrozen(a, b);
      return { value: await untilFrozen(b, a) };
    } finally {
      await Promise.all([a, b].map((host) => removeContainer(host, 'ct101')));
    }
  },
};

async function untilFrozen(source: Host, target: Host): Promise<number> {
  const began = performance.now();
  let frozen: number | undefined;
  await phaulMigrate(source, ['ct101', target.name], ({ type }) => {
    if (type === 'frozen') frozen = performance.now();
  }).result;
  if (frozen === undefined) throw new Error('phaul did not say when it froze ct101');
  return frozen - began;
}
