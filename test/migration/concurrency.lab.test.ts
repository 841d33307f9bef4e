// Two at once, and containers that do not keep still: a clear outcome, on exactly one host.
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { Act } from '../../src/acts.ts';
import type { HostName } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { phaul, startPhaul } from './phaul.ts';
import { clearRemains } from './stage.ts';
import { ranOn, startWitness } from './witness.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
});
test.beforeEach(async () => {
  await clearRemains(lab);
  for (const name of ['b', 'c'] as const) await lab.host(name).sh('rm -rf /srv/ct101 /srv/ct101-data');
});
test.after.always(() => Lab.down());

/** Whom runc on each host knows, and as what. */
async function whereabouts(...names: HostName[]): Promise<string[]> {
  const lists = await Promise.all(
    names.map(async (name) => {
      const list = (JSON.parse(await lab.host(name).sh('runc list --format json')) ?? []) as {
        id: string;
        status: string;
      }[];
      return list.filter(({ id }) => id === 'ct101').map(({ status }) => `${name}: ${status}`);
    }),
  );
  return lists.flat();
}

/** Waits until no migration is remembered on these hosts, and nothing of one is left. */
async function settled(t: ExecutionContext, ...names: HostName[]): Promise<void> {
  const left = (): Promise<string[]> =>
    Promise.all(
      names.map((name) => lab.host(name).sh('ls -A /run/phaul /var/lib/phaul 2>/dev/null | grep - || true')),
    );
  const deadline = Date.now() + 120_000;
  while ((await left()).join('') !== '' && Date.now() < deadline) await sleep(300);
  t.deepEqual(
    await left(),
    names.map(() => ''),
  );
}

for (const [title, others] of [
  ['the same target', ['b', 'b']],
  ['different targets', ['b', 'c']],
] as const)
  test.serial(`of two migrations at once to ${title} one goes on, and the other is refused`, async (t) => {
    await startWitness(lab);
    // Who comes first waits for the other, which may be slow to start.
    const runs = others.map((target) =>
      startPhaul(lab.host('a'), ['ct101', target], 'migrate', [{ type: 'files' }]),
    );
    await Promise.race(runs.map(({ ended }) => ended));
    await runs[0]?.goOn();
    const ends = await Promise.all(runs.map(({ ended }) => ended));
    const refused = ends.filter(({ error }) => error?.code === 'MIGRATION_RUNNING');
    t.deepEqual(
      refused.map(({ exitCode }) => exitCode),
      [3],
    );
    const winner = ends.find((end) => !refused.includes(end));
    await settled(t, 'a', 'b', 'c');
    // c has no bridge for it: if that one wins it is refused for another reason.
    t.deepEqual(await whereabouts('a', 'b', 'c'), [`${winner?.summary?.target ?? 'a'}: running`]);
  });

const acts: Readonly<Record<'live' | 'revive', readonly Act[]>> = {
  live: ['prepare', 'iterate', 'freeze', 'transfer', 'restore', 'commit', 'release', 'fill'],
  revive: ['prepare', 'iterate', 'freeze', 'transfer', 'restore', 'commit', 'release'],
};

/** Wherever it is, and whatever phaul says: it is on one host alone, and never was on two; a migration that succeeded left nothing on the source. */
async function isOnOneHost(t: ExecutionContext, exitCode: number, text: string): Promise<void> {
  await settled(t, 'a', 'b');
  const found = await whereabouts('a', 'b');
  t.is(found.length, 1, `${found.join()} ${text}`);
  if (exitCode === 0) t.regex(found[0] ?? '', /^b: /);
  await ranOn(t, lab);
}

for (const mode of ['live', 'revive'] as const)
  for (const act of acts[mode])
    test.serial(`${mode}: the container is killed when ${act} begins`, async (t) => {
      await startWitness(lab);
      const run = startPhaul(lab.host('a'), ['--mode', mode, 'ct101', 'b']);
      const begun = await run.event({ type: 'act-begin', act }).then(
        () => true,
        () => false,
      );
      // An eager restore has no fill.
      if (begun)
        await Promise.all(
          (['a', 'b'] as const).map((name) => lab.host(name).sh('runc kill ct101 KILL || true')),
        );
      const { exitCode, text, error } = await run.ended;
      t.true(exitCode === 0 || error !== undefined, text);
      t.not(error?.code, 'INTERNAL', text);
      await isOnOneHost(t, exitCode, text);
    });

const storm = `
for _ in range(20):
    if os.fork() == 0:
        time.sleep(0.002)
        os._exit(0)
try:
    while os.waitpid(-1, os.WNOHANG)[0]: pass
except ChildProcessError: pass`;

for (const mode of ['live', 'revive'] as const)
  test.serial(`${mode}: a container that forks all the time is moved, or goes on`, async (t) => {
    await startWitness(lab, { between: storm });
    const { exitCode, text, error } = await phaul(lab.host('a'), ['--mode', mode, 'ct101', 'b']);
    t.not(error?.code, 'INTERNAL', text);
    await isOnOneHost(t, exitCode, text);
    t.deepEqual(await whereabouts('a', 'b'), [exitCode === 0 ? 'b: running' : 'a: running']);
  });

for (const mode of ['live', 'revive'] as const)
  test.serial(`${mode}: a container that ends by itself meanwhile`, async (t) => {
    // After so many rounds of a few milliseconds: in the middle of it, as a rule.
    await startWitness(lab, { between: 'if count > 250: raise SystemExit(0)' });
    const { exitCode, text, error } = await phaul(lab.host('a'), ['--mode', mode, 'ct101', 'b']);
    t.not(error?.code, 'INTERNAL', text);
    await isOnOneHost(t, exitCode, text);
  });
