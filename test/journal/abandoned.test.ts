import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { settleAbandoned } from '../../src/journal/abandoned.ts';
import { awaitJournal, stories } from '../../src/journal/journal.ts';
import type { State } from '../../src/journal/story.ts';
import type { HostRole } from '../../src/errors.ts';
import { settleFormer as settleOnSource } from '../../src/migration/settle.ts';
import { settleFormer as settleOnTarget } from '../../src/service/former.ts';
import { resume } from '../../src/service/resume.ts';
import { bundled } from '../bundle.ts';
import { type Former, home, killedPhaul, newJournal } from './journals.ts';

// Another test's phaul may be settling at the same time, and each of them has to start first.
async function gone({ known }: Former): Promise<boolean> {
  for (let i = 0; i < 5000 && known(); i++) await sleep(20);
  return !known();
}

/** By this process, or by whoever was quicker. */
async function settled({ migration }: Former, role: HostRole): Promise<void> {
  await settleAbandoned();
  (await awaitJournal(migration, role))?.close();
}

const stateOf = async ({ migration }: Former): Promise<State | undefined> =>
  (await stories()).find((story) => story.migration === migration)?.state;

const silent = { say: () => undefined, onFilling: () => undefined };

const will = (when: string, ...command: string[]): string =>
  `journal.will('${when}', '${command[0]}', ${JSON.stringify(command.slice(1))});`;

test('what a killed phaul noted is done, the last deed first, and its directory goes', async (t) => {
  const at = home(t);
  const former = await killedPhaul(
    t,
    [
      will('undone', 'mv', '-nT', join(at, 'made'), join(at, 'moved')),
      will('undone', 'false'),
      will('undone', '/nonexistent/program'),
      will('undone', 'mkdir', '-p', join(at, 'made')),
      will('moved', 'touch', join(at, 'left')),
    ].join('\n'),
  );
  await settleAbandoned();
  t.true(await gone(former));
  t.true(existsSync(join(at, 'moved')), 'and what fails stops nothing');
  t.false(existsSync(join(at, 'left')));
});

test('what a phaul that lives has noted is left alone', async (t) => {
  const at = home(t);
  const journal = await newJournal(t);
  journal.will('undone', 'touch', [join(at, 'settled')]);
  await settleAbandoned();
  t.false(existsSync(join(at, 'settled')));
  t.is(journal.story().state, 'open');
});

const outcomes = [
  ['source', 'asked', 'undone', 'undone'],
  ['source', 'handed', 'handed', null],
  ['source', 'landed', 'landed', 'moved'],
  ['source', 'undone', 'undone', null],
  ['target', 'standby', 'undone', 'undone'],
  ['target', 'ready', 'undone', 'undone'],
  ['target', 'committed', 'undone', 'undone'],
  ['target', 'undone', 'undone', 'undone'],
] as const;

for (const [role, state, then, done] of outcomes)
  test(`killed on the ${role} when ${state}: ${then}, and remembered`, async (t) => {
    const at = home(t);
    const deeds = [
      will('undone', 'touch', join(at, 'undone')),
      will('moved', 'touch', join(at, 'moved')),
      `await journal.record('${state}');`,
    ];
    const former = await killedPhaul(t, deeds.join('\n'), { role });
    await settled(former, role);
    t.is(await stateOf(former), then);
    for (const when of ['undone', 'moved'] as const) t.is(existsSync(join(at, when)), done === when, when);
  });

for (const [role, state] of [
  ['source', 'asked'],
  ['target', 'standby'],
] as const)
  test(`what must succeed is tried again on the ${role}, nothing is done without it, and nobody is told otherwise`, async (t) => {
    const at = home(t);
    const [way, done] = [join(at, 'way'), join(at, 'done')];
    const deeds = [
      will('undone', 'touch', done),
      `journal.will('undone', 'ls', ['${way}'], true);`,
      `await journal.record('${state}');`,
    ];
    const former = await killedPhaul(t, deeds.join('\n'), { role });
    // Another test's phaul may just have taken it.
    const failed = async (): Promise<boolean> =>
      (await settleAbandoned()).some(({ error }) => String(error).includes(way));
    let heard = false;
    for (let i = 0; i < 5000 && !heard; i++, await sleep(20)) heard = await failed();
    t.true(heard);
    t.is(await stateOf(former), state);
    t.false(existsSync(done));
    if (role === 'target')
      // It waits for whoever has it.
      await t.throwsAsync(resume(former.migration, silent), {
        code: 'DRIVER_FAILED',
      });
    writeFileSync(way, '');
    while ((await stateOf(former)) !== 'undone') await settleAbandoned();
    t.true(existsSync(done));
  });

test('it is forgotten when the source has heard of it, also if the guard has the journal just then', async (t) => {
  const former = await killedPhaul(t, `await journal.record('undone');`, { role: 'target' });
  const { handlers } = await resume(former.migration, silent);
  const guard = await awaitJournal(former.migration, 'target');
  setTimeout(() => guard?.close(), 100);
  await handlers?.finish({});
  t.is(await stateOf(former), undefined);
});

for (const [role, settleFormer] of [
  ['source', (container: string) => settleOnSource('box', container, silent.say)],
  ['target', (container: string) => settleOnTarget('box', container)],
] as const)
  test(`the container's next migration waits for whoever undoes its last one on the ${role}`, async (t) => {
    const done = join(home(t), 'done');
    const former = await killedPhaul(t, will('undone', 'touch', done), { role });
    const guard = await awaitJournal(former.migration, role);
    if (!guard) return t.true(await gone(former), "another test's phaul was quicker");
    const settling = settleFormer(`box-${former.migration}`);
    await sleep(100);
    t.false(existsSync(done));
    guard.close();
    await settling;
    t.true(existsSync(done));
    t.true(await gone(former));
  });

test('what a container that comes back has left undecided here must be decided first: it would be removed', async (t) => {
  const removal = join(home(t), 'removed');
  const deeds = `${will('moved', 'touch', removal)} await journal.record('handed');`;
  const former = await killedPhaul(t, deeds);
  await t.throwsAsync(settleOnTarget('box', `box-${former.migration}`), {
    code: 'MIGRATION_RUNNING',
    message: /handed over from there to hostb/,
  });
  t.is(await stateOf(former), 'handed');
  const journal = await awaitJournal(former.migration, 'source');
  await journal?.record('landed');
  journal?.close();
  await settleOnTarget('box', `box-${former.migration}`);
  t.true(existsSync(removal), 'and once it is, what is due here is done before the container is');
});

test('a container of another kind that has the same name is another', async (t) => {
  const journal = await newJournal(t);
  await journal.record('handed');
  await t.notThrowsAsync(settleOnSource('crate', `box-${journal.migration}`, silent.say));
});

test('a guard does it by itself when phaul is killed', async (t) => {
  const at = home(t);
  const former = await killedPhaul(t, will('undone', 'mkdir', '-p', join(at, 'done')), { guarded: true });
  t.true(await gone(former));
  t.true(existsSync(join(at, 'done')));
});

// Serial, because the other tests' phauls settle whatever they find.
test.serial('so it does when phaul leaves the journal to it and lives on', async (t) => {
  const at = home(t);
  const [done, seen] = [join(at, 'done'), join(at, 'seen')];
  await killedPhaul(
    t,
    `${will('undone', 'mkdir', '-p', done)}
    journal.close();
    const { existsSync, mkdirSync } = await import('node:fs');
    for (let i = 0; i < 5000 && !existsSync('${done}'); i++) await new Promise((go) => setTimeout(go, 20));
    if (existsSync('${done}')) mkdirSync('${seen}');`,
    { guarded: true },
  );
  t.true(existsSync(seen));
});

test('a guard leaves nothing of a journal that was not begun to its end', async (t) => {
  const deeds = `
    const { renameSync } = await import('node:fs');
    const { journalDirectory, unfinishedJournal } = await import('./src/journal/journal.ts');
    const { migration } = journal;
    renameSync(journalDirectory(migration) + '/target.jsonl', unfinishedJournal(migration, 'target'));
    await workspace.remove();`;
  const former = await killedPhaul(t, deeds, { role: 'target', guarded: true });
  t.true(await gone(former));
});

for (const role of ['source', 'target'] as const)
  // Serial, because the other tests' phauls settle whatever they find.
  test.serial(
    `phaul recover ID waits for whoever has the journal on the ${role}, and then looks for itself`,
    async (t) => {
      const done = join(home(t), 'done');
      const former = await killedPhaul(t, will('undone', 'touch', done), { role });
      const other = await awaitJournal(former.migration, role);
      if (!other) return t.true(await gone(former), "another test's phaul was quicker");
      const argv = [bundled('src/cli/main'), 'recover', former.migration];
      const recover = spawn(process.execPath, argv, { stdio: 'ignore' });
      const ended = once(recover, 'exit');
      t.is(await Promise.race([ended, sleep(2000, 'still there')]), 'still there');
      other.close();
      t.deepEqual(await ended, [0, null]);
      t.true(existsSync(done));
      t.true(await gone(former));
    },
  );

test('phaul recover ID fails by nothing but that migration', async (t) => {
  const way = join(home(t), 'way');
  const other = await killedPhaul(t, `journal.will('undone', 'ls', ['${way}'], true);`);
  const former = await killedPhaul(t, '');
  const recover = spawn(process.execPath, [bundled('src/cli/main'), 'recover', former.migration]);
  const [said, ended] = [text(recover.stderr), once(recover, 'exit')];
  t.deepEqual([await said, await ended], ['', [0, null]]);
  t.true(await gone(former));
  t.true(other.known());
});
