import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { PhaulError } from '../../src/errors.ts';
import { processStart } from '../../src/linux/processes.ts';
import { container, externalBench } from './external-bench.ts';

/** Writes down each call: its arguments, one a line. */
const notes = 'printf "%s\\n" "$@" "" >>"$HERE/log"';

const failure = async (work: Promise<unknown>): Promise<PhaulError> => {
  try {
    await work;
  } catch (error) {
    return error as PhaulError;
  }
  throw new Error('it did not fail');
};

/** They have been killed; the kernel takes its time. */
async function end(home: string, names: readonly string[]): Promise<void> {
  const pids = names.map((name) => Number(readFileSync(join(home, name), 'utf8')));
  for (const pid of pids) while ((await processStart(pid)) !== null) await sleep(10);
}

test('each step is called with exactly these arguments, on either side', async (t) => {
  const bench = externalBench(t, notes);
  const [source, target] = [await bench.source(), bench.target()];
  t.deepEqual([await source.refusals(), await target.refusals()], [[], []]);
  await source.begin?.();
  await target.begin();
  await source.freeze();
  await source.settled?.();
  await target.takeOver?.();
  await target.takenOver?.();
  await source.release();
  await target.finish?.();
  const call = (step: string, direction: string): string[] => [
    '--type=thing',
    `--step=${step}`,
    '--host=other',
    '--container=ct101',
    '--mode=live',
    `--direction=${direction}`,
  ];
  t.deepEqual(bench.log(), [
    ...call('check', 'out'),
    ...call('check', 'in'),
    ...call('begin', 'out'),
    ...call('begin', 'in'),
    ...call('transfer', 'out'),
    ...call('transfer', 'in'),
    ...call('done', 'out'),
    ...call('done', 'in'),
  ]);
});

test('no shell looks at what it is called with', async (t) => {
  const name = `it's "$(touch /tmp/phaul-pwned)"; echo \\ 'x`;
  const bench = externalBench(t, notes, '', { container: name, peer: 'a b', mode: 'revive' });
  const source = await bench.source();
  await source.begin?.();
  t.deepEqual(bench.log().slice(2, 5), ['--host=a b', `--container=${name}`, '--mode=revive']);
  for (const { argv } of bench.wills) execFileSync(argv[0]!, argv.slice(1));
  t.deepEqual(bench.log().slice(8, 10), ['--host=a b', `--container=${name}`]);
  t.false(existsSync('/tmp/phaul-pwned'));
});

test('a check that fails is a refusal with its last line, on either side', async (t) => {
  const bench = externalBench(t, 'echo why >&2; echo it is busy. >&2; exit 3');
  for (const [half, host] of [
    [await bench.source(), 'source'],
    [bench.target(), 'target'],
  ] as const)
    t.like(await half.refusals(), [
      {
        code: 'DEVICE_REFUSED',
        message: `The device thing cannot be moved: ${bench.home}/program ended with exit code 3: it is busy.`,
        host,
      },
    ]);
});

test('a program that is missing, or not one, is a refusal', async (t) => {
  const bench = externalBench(t, '');
  chmodSync(join(bench.home, 'program'), 0o600);
  t.like(await (await bench.source()).refusals(), [{ code: 'TOOL_MISSING', host: 'source' }]);
  rmSync(join(bench.home, 'program'));
  t.like(await bench.target().refusals(), [{ code: 'TOOL_MISSING', host: 'target' }]);
});

for (const [how, program, message] of [
  ['an exit code', 'echo no >&2; exit 7', /--step=transfer --direction=out ended with exit code 7: no\.$/],
  ['an exit code alone', 'exit 1', /ended with exit code 1\.$/],
  ['a signal', 'kill -TERM $$', /was killed by SIGTERM\.$|exit code 143\.$/],
] as const)
  test(`a transfer that ends with ${how} fails stage 3, not stage 2`, async (t) => {
    const bench = externalBench(t, `case "$*" in *=transfer*) ${program};; esac`);
    const source = await bench.source();
    await source.begin?.();
    await t.notThrowsAsync(source.freeze());
    const { code, message: said } = await failure(source.settled!());
    t.is(code, 'DRIVER_FAILED');
    t.regex(said, message);
    await t.notThrowsAsync(source.abort());
  });

test('what it says on stderr is heard, also if it succeeds', async (t) => {
  const bench = externalBench(t, 'echo a word >&2');
  await (await bench.source()).begin?.();
  t.deepEqual(bench.said, ['thing: a word']);
});

test('stage 2 returns at once, and stage 3 waits', async (t) => {
  const bench = externalBench(
    t,
    'case "$*" in *=transfer*) until [ -e "$HERE/go" ]; do sleep 0.01; done; touch "$HERE/end";; esac',
  );
  for (const half of ['source', 'target'] as const) {
    const device = half === 'source' ? await bench.source() : bench.target();
    await device.begin?.();
    await ('freeze' in device ? device.freeze() : device.takeOver?.());
    t.false(existsSync(join(bench.home, 'end')));
    writeFileSync(join(bench.home, 'go'), '');
    await ('settled' in device
      ? device.settled?.()
      : (device as { takenOver?: () => Promise<void> }).takenOver?.());
    t.true(existsSync(join(bench.home, 'end')));
    for (const name of ['go', 'end']) rmSync(join(bench.home, name));
  }
});

/** It starts others: in its process group, out of it, and they start others. */
const breeds = `
case "$*" in *=transfer*) ;; *) exit 0;; esac
echo $$ >"$HERE/leader"
sleep 1000 & echo $! >"$HERE/child"
setsid sh -c 'echo $$ >"'"$HERE"'/stray"; sleep 1000; :' &
until [ -s "$HERE/stray" ]; do sleep 0.01; done
touch "$HERE/ready"
sleep 1000`;

test('at its time limit it is killed with all that it has started', async (t) => {
  const bench = externalBench(t, breeds, 'time-limit = 5');
  const source = await bench.source();
  await source.begin?.();
  await source.freeze();
  const { code, message } = await failure(source.settled!());
  t.is(code, 'DRIVER_FAILED');
  t.regex(message, /did not end within 5 s \(time-limit\); it was killed, with all that it had started\.$/);
  await t.notThrowsAsync(end(bench.home, ['leader', 'child', 'stray']));
  await t.notThrowsAsync(source.abort());
});

test('an abort of the migration kills it just so, and then it is undone', async (t) => {
  const bench = externalBench(t, `${notes}\n${breeds}`);
  const target = bench.target();
  await target.begin();
  await target.takeOver?.();
  const ending = failure(target.takenOver!());
  while (!existsSync(join(bench.home, 'ready'))) await sleep(10);
  bench.aborter.abort();
  t.is((await ending).code, 'CANCELLED');
  await t.notThrowsAsync(end(bench.home, ['leader', 'child', 'stray']));
  await target.abort();
  t.is(bench.log().at(-5), '--step=undo');
});

test('an undo that fails is tried again by the next abort; nothing begun needs none', async (t) => {
  const bench = externalBench(
    t,
    `${notes}\ncase "$*" in *=undo*) [ -e "$HERE/free" ] || { echo in use >&2; exit 1; };; esac; touch "$HERE/free"`,
  );
  const target = bench.target();
  await target.abort();
  await target.begin();
  rmSync(join(bench.home, 'free'));
  t.regex(
    (await failure(target.abort())).message,
    /--step=undo --direction=in ended with exit code 1: in use\.$/,
  );
  await externalOpens(bench.home);
  await target.abort();
  await target.abort();
  t.is(bench.log().filter((line) => line === '--step=undo').length, 2);
});

const externalOpens = async (home: string): Promise<void> => {
  await once(spawn('touch', [join(home, 'free')]), 'exit');
};

test('the undo is noted before the deed, must succeed, and waits for a step that is still running', async (t) => {
  const bench = externalBench(
    t,
    `case "$*" in *=transfer*) touch "$HERE/begun"; sleep 0.5; echo transferred >>"$HERE/log";; *=undo*) echo undone >>"$HERE/log";; esac`,
  );
  const target = bench.target();
  await target.begin();
  t.deepEqual(
    bench.wills.map(({ when, must }) => [when, must]),
    [
      ['undone', true],
      ['moved', false],
    ],
  );
  await target.takeOver?.();
  while (!existsSync(join(bench.home, 'begun'))) await sleep(10);
  const [program = '', ...args] = bench.wills[0]?.argv ?? [];
  // Also after another start of the host, when the directory is gone: but then nothing runs.
  execFileSync(program, args);
  t.deepEqual(bench.log(), ['transferred', 'undone']);
  rmSync(join(bench.home, 'scratch'), { recursive: true });
  execFileSync(program, args);
  t.is(bench.log().length, 3);
});

test('what a dead phaul noted ends, too', async (t) => {
  const bench = externalBench(t, 'case "$*" in *=undo*) sleep 1000;; esac', 'time-limit = 3');
  await bench.target().begin();
  const [program = '', ...args] = bench.wills[0]?.argv ?? [];
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  t.true(code !== 0 || signal !== null);
});

test('a device is one of the containers that the settings name', async (t) => {
  const others = externalBench(t, '', 'containers = ["ct1", "ct2"]');
  const ctx = { move: { container: 'ct101', peer: 'b', mode: 'live' } } as never;
  t.deepEqual(await others.driver.source(container, ctx), []);
  t.regex((await others.target().refusals())[0]?.message ?? '', /not for ct101\.$/);
  t.is((await externalBench(t, '', 'containers = ["ct101"]').source()).name, 'thing');
});

test('the target runs what its own settings say, or refuses; the source names a type and nothing else', async (t) => {
  const bench = externalBench(t, '');
  const ctx = { move: { container: 'ct101', peer: 'b', mode: 'live' } } as never;
  const [refusal] = await bench.driver.target({ type: 'other' }, ctx).refusals();
  t.like(refusal, { code: 'DEVICE_REFUSED', host: 'target' });
  t.regex(refusal?.message ?? '', /no section \[devices\.other\]\.$/);
  for (const state of [{ type: 'thing', command: '/bin/true' }, { type: '../thing' }, {}])
    t.throws(() => bench.driver.target(state, ctx), { code: 'PROTOCOL_ERROR' });
});
