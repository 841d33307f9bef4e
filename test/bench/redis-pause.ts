import { setTimeout as sleep } from 'node:timers/promises';
import { createNetwork, ct101, removeContainer } from '../lab/container.ts';
import type { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { startRedis } from '../lab/redis.ts';
import { startTraffic } from '../lab/traffic.ts';
import type { Benchmark, Sample } from './benchmark.ts';
import { phaulMigrate } from './phaul.ts';
import { warmMemory } from './warm-memory.ts';

const aroundMs = 500;

export const redisPause = redisBenchmark('redis-pause', 'as it starts', 0);
export const redis64Pause = redisBenchmark('redis-64-pause', '64 MiB of data', 64);

function redisBenchmark(name: string, filled: string, mebibytes: number): Benchmark {
  return {
    name,
    unit: 'ms',
    description: `longest pause of a client of Redis (${filled}) on its one connection`,
    phaul: (lab) => pause(lab, mebibytes, () => phaulMigrate(lab.host('a'), ['ct101', 'b']).result),
    rival: (lab) =>
      pause(lab, mebibytes, async () => {
        await createNetwork(lab.host('b'), ct101, { up: false });
        await lab.host('a').run(['bash', '/opt/phaul/test/bench/rivals/redis.sh', 'ct101', 'b']);
      }),
  };
}

/** The client's longest pause while `move` takes place. @throws if it noticed anything else, or ct101 is not on b alone */
async function pause(lab: Lab, mebibytes: number, move: () => Promise<unknown>): Promise<Sample> {
  const [a, b, c] = [lab.host('a'), lab.host('b'), lab.host('c')];
  try {
    await startRedis(a, mebibytes > 0 ? { mebibytes } : {});
    const traffic = await startTraffic(c);
    await warmMemory(b, 4 * mebibytes + 64);
    await sleep(aroundMs);
    await move();
    await sleep(aroundMs);
    const { errors, lost, doubled, longestGapMs } = await traffic.stop();
    if (errors.length + lost + doubled > 0)
      throw new Error(`${lost} lost, ${doubled} doubled, errors: ${errors.join(', ') || 'none'}`);
    if ((await isRunning(a, 'ct101')) || !(await isRunning(b, 'ct101')))
      throw new Error('ct101 does not run on b and nowhere else');
    return { value: longestGapMs };
  } finally {
    await Promise.all([a, b].map((host) => removeContainer(host, 'ct101')));
  }
}
