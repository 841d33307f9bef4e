import { setTimeout as sleep } from 'node:timers/promises';
import { createContainer, ct101 } from './container.ts';
import type { Host } from './host.ts';

const redisServer = [
  ...'redis-server --bind 0.0.0.0 --protected-mode no --enable-debug-command yes --appendonly no --save'.split(
    ' ',
  ),
  '',
];

/** Starts Redis as container ct101 on a host, holding about `mebibytes` of data. Returns when it answers. */
export async function startRedis(host: Host, { mebibytes = 0 } = {}): Promise<void> {
  await createContainer(host, { ...ct101, args: redisServer });
  const deadline = Date.now() + 10_000;
  while ((await redis(host, 'PING')) !== 'PONG') {
    if (Date.now() > deadline) throw new Error('Redis in ct101 does not answer');
    await sleep(10);
  }
  if (mebibytes > 0) await redis(host, 'DEBUG', 'POPULATE', String(mebibytes * 1024), 'filling', '1024');
}

/** Sends one command to the Redis of ct101 from a host; returns what redis-cli prints, which may be an error. */
export async function redis(host: Host, ...command: string[]): Promise<string> {
  const { stdout } = await host.run(['redis-cli', '-h', '10.77.0.101', ...command], { check: false });
  return stdout.trim();
}
