import { setTimeout as sleep } from 'node:timers/promises';
import { createContainer, ct101 } from './container.ts';
import type { Host } from './host.ts';

const redisServer = [
  ...'redis-server --bind 0.0.0.0 --protected-mode no --enable-debug-command yes --appendonly no --save'.split(
    ' ',
  ),
  '',
];

/** The same as one line, as LXC splits it into words. */
export const redisCommand =
  '/usr/bin/redis-server --bind 0.0.0.0 --protected-mode no --enable-debug-command yes --appendonly no --save ""';

// Values of 1 KiB, made of words at random: as repetitive as prose. A text that is repeated would compress too well.
const fillWithText = `
  local words = {}
  for word in ARGV[3]:gmatch('%a+') do words[#words + 1] = word end
  math.randomseed(tonumber(ARGV[1]))
  for number = ARGV[1], ARGV[1] + ARGV[2] - 1 do
    local text = {}
    for at = 1, 200 do text[at] = words[math.random(#words)] end
    redis.call('SET', 'text:' .. number, table.concat(text, ' '):sub(1, 1024))
  end`;
const words = `
  the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you were
  all her she there would their we him been has when who will no more if out so up said what its about than into them can only
  other time new some could these two may first then do any like my now over such our man even most made after also well through
  long way must because people before house between water mountain morning government question something thought nothing country
  business children company different important following themselves`;
const valuesAtOnce = 4096;

/** What Redis is filled with: one byte again and again, or words. */
export type Filling = 'padding' | 'text';

/** Starts Redis as container ct101 on a host, holding about `mebibytes` of data. Returns when it answers and has them. */
export async function startRedis(
  host: Host,
  { mebibytes = 0, filling = 'padding' }: { mebibytes?: number; filling?: Filling } = {},
): Promise<void> {
  await createContainer(host, { ...ct101, args: redisServer });
  const deadline = Date.now() + 60_000;
  while ((await redis(host, 'PING')) !== 'PONG') {
    if (Date.now() > deadline) throw new Error('Redis in ct101 does not answer');
    await sleep(10);
  }
  const values = mebibytes * 1024;
  if (values === 0) return;
  if (filling === 'padding') await redis(host, 'DEBUG', 'POPULATE', String(values), 'filling', '1024');
  else
    for (let first = 0; first < values; first += valuesAtOnce)
      await redis(host, 'EVAL', fillWithText, '0', String(first), String(valuesAtOnce), words);
  if (Number(await redis(host, 'DBSIZE')) < values) throw new Error('Redis in ct101 was not filled');
}

/** Sends one command to the Redis of ct101 from a host; returns what redis-cli prints, which may be an error. */
export async function redis(host: Host, ...command: string[]): Promise<string> {
  const { stdout } = await host.run(['redis-cli', '-h', '10.77.0.101', ...command], { check: false });
  return stdout.trim();
}
