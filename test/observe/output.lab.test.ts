// What people and programs get to see of real migrations.
import test from 'ava';
import { removeContainer } from '../lab/container.ts';
import { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { startRedis } from '../lab/redis.ts';
import { phaul } from '../migration/phaul.ts';
import { replay } from './terminal/screens.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
});
test.afterEach.always(async () => {
  for (const name of ['a', 'b'] as const) await removeContainer(lab.host(name), 'ct101');
  for (const name of ['a', 'b'] as const) await lab.host(name).sh('rm -rf /srv/.phaul-left-*');
});
test.after.always(() => Lab.down());

test.serial('a program of somebody else moves a container with the library', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  await startRedis(a);
  const { stdout } = await a.run(['node', '/opt/phaul/dist/examples/move.js', 'ct101', 'b']);
  t.regex(stdout, /^preflight …\nprepare …\niterate …\n[^]*release …\n/);
  t.regex(stdout, /ct101 runs on b, after standing still for [\d.]+ ms\.\n$/);
  t.deepEqual([await isRunning(a, 'ct101'), await isRunning(b, 'ct101')], [false, true]);
});

test.serial('all that --json writes of a migration is as documented', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  await startRedis(a, { mebibytes: 32 });
  const { events, summary, text } = await phaul(a, ['--quiet', 'ct101', 'b']);
  t.is(text, '');
  const types = new Set(events.map(({ type }) => type));
  for (const type of [
    'start',
    'act-begin',
    'act-end',
    'files',
    'copying',
    'progress',
    'decision',
    'frozen',
    'running',
  ] as const)
    t.true(types.has(type), type);
  const last = events.findLast((event) => event.type === 'progress');
  t.is(last?.type === 'progress' ? last.pages : null, summary?.pages ?? NaN, 'the last count is the whole');
  t.is(events.find(({ type }) => type === 'frozen')?.act, 'freeze');
  const { estimate, movingMs = 0 } = summary ?? {};
  // Whether the link could be measured well beside the rest depends on the machine; without that nothing is said of times.
  t.true((estimate?.files ?? 0) > 0 && movingMs > (summary?.freezeMs ?? NaN), JSON.stringify(estimate));
  t.is(estimate?.bytesPerSecond === null, estimate?.totalMs === null);
  const back = await phaul(b, ['--quiet', '--mode', 'revive', 'ct101', 'a']);
  t.is(back.summary?.mode, 'revive');
});

test.serial('a limit is what the estimate goes by', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  await startRedis(a, { mebibytes: 32 });
  const { summary } = await phaul(a, ['--quiet', '--bwlimit', '200M', 'ct101', 'b']);
  const { estimate } = summary ?? {};
  t.is(estimate?.bytesPerSecond, 200 * 2 ** 20);
  // This kernel moves all memory in the freeze.
  t.true((estimate?.memory ?? 0) > 32 * 2 ** 20, JSON.stringify(estimate));
  t.true((estimate?.freezeMs ?? 0) > 160 && (estimate?.totalMs ?? 0) >= (estimate?.freezeMs ?? NaN));
  await phaul(b, ['--quiet', '--mode', 'revive', 'ct101', 'a']);
});

test.serial('in a terminal a picture becomes a summary', async (t) => {
  const a = lab.host('a');
  await startRedis(a, { mebibytes: 32 });
  // Slowly enough for a busy machine to draw each act.
  const command = 'stty cols 80 rows 24; phaul migrate --bwlimit 16M ct101 b';
  const { stdout } = await a.run(['script', '--quiet', '--return', '--command', command, '/dev/null']);
  const { after, stream } = await replay(stdout, 80, 24);
  t.true(stream.includes('[freeze'), 'the act was shown');
  t.regex(stream, /standing still for /);
  const screen = after('end');
  t.true(screen.length <= 12, screen.join('\n'));
  t.regex(screen[0] ?? '', /^ct101 runs on b \(pid \d+ there\)\. It stood still for [\d.]+ m?s/);
  t.true(
    screen.some((line) => line.startsWith('Expected beforehand → what it was: ')),
    screen.join('\n'),
  );
  t.false(
    screen.some((line) => line.includes('standing still')),
    'nothing is left of the picture',
  );
});
