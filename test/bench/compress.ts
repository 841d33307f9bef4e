import { removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { redis, startRedis } from '../lab/redis.ts';
import type { Benchmark, Sample } from './benchmark.ts';
import { phaulMigrate } from './phaul.ts';
import { warmMemory } from './warm-memory.ts';

const mebibytes = 64;
const link = 'dev eth0 root';

export const compress100Mbit = compressBenchmark('compress-100mbit', 'over a link of 100 Mbit/s', 100);
export const compressFullSpeed = compressBenchmark('compress-full-speed', 'over the link as it is', null);

/** phaul is its own rival here. @param megabits per second; null: no limit */
function compressBenchmark(name: string, over: string, megabits: number | null): Benchmark {
  const total =
    (compress: 'auto' | 'none') =>
    (lab: Lab): Promise<Sample> =>
      totalTime(lab, megabits, compress);
  return {
    name,
    unit: 'ms',
    description: `all of a migration of Redis (${mebibytes} MiB of text), whose files were copied before, ${over}, with --compress auto; the rival: with --compress none`,
    phaul: total('auto'),
    rival: total('none'),
  };
}

/** From the command's start to its end, on the way back from b, so that the files are there already. @throws if ct101 is not on a alone, or has lost something */
async function totalTime(lab: Lab, megabits: number | null, compress: string): Promise<Sample> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  try {
    await startRedis(a, { mebibytes, filling: 'text' });
    const digest = await redis(a, 'DEBUG', 'DIGEST');
    await phaulMigrate(a, ['ct101', 'b']).result;
    await warmMemory(a, 4 * mebibytes + 64);
    const value = await shaped(b, megabits, async () => {
      const began = performance.now();
      await phaulMigrate(b, ['--compress', compress, 'ct101', 'a']).result;
      return performance.now() - began;
    });
    if ((await isRunning(b, 'ct101')) || !(await isRunning(a, 'ct101')))
      throw new Error('ct101 does not run on a and nowhere else');
    if ((await redis(a, 'DEBUG', 'DIGEST')) !== digest) throw new Error('Redis does not hold what it held');
    return { value };
  } finally {
    await Promise.all([a, b].map((host) => removeContainer(host, 'ct101')));
  }
}

/** What the host sends goes out no faster than that while `work` goes on. */
async function shaped<T>(host: Host, megabits: number | null, work: () => Promise<T>): Promise<T> {
  if (megabits === null) return work();
  await host.sh(`tc qdisc add ${link} tbf rate ${megabits}mbit burst 256kb latency 50ms`);
  try {
    return await work();
  } finally {
    await host.sh(`tc qdisc del ${link}`);
  }
}
