import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createWorkspace, sweepAbandoned, type Workspace } from '../../src/workspace.ts';

function home(t: ExecutionContext): string {
  const path = mkdtempSync('/tmp/phaul-workspace-');
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

async function workspace(t: ExecutionContext): Promise<Workspace> {
  const made = await createWorkspace(randomUUID(), 'source');
  t.teardown(made.remove);
  return made;
}

const will = ({ directory }: Workspace): string[] =>
  readFileSync(join(directory, 'if-killed'), 'utf8').split('\n').slice(0, -1);

test('a note says the command, and can be taken back among others', async (t) => {
  const w = await workspace(t);
  w.noteWill('first', ['a b', 'c"d']);
  const takeBack = w.noteWill('second', []);
  w.noteWill('third', []);
  takeBack();
  t.deepEqual(will(w), ['["first","a b","c\\"d"]', '["third"]']);
  takeBack();
  t.deepEqual(will(w), ['["first","a b","c\\"d"]', '["third"]'], 'twice is once');
});

test('of two notes alike one stays when one is taken back', async (t) => {
  const w = await workspace(t);
  const takeBack = w.noteWill('same', []);
  w.noteWill('same', []);
  takeBack();
  t.deepEqual(will(w), ['["same"]']);
});

test('a will that was burnt holds nothing, and a note can be taken back all the same', async (t) => {
  const w = await workspace(t);
  const takeBack = w.noteWill('touch', ['/nonexistent/x']);
  w.burnWill();
  t.false(existsSync(join(w.directory, 'if-killed')));
  t.notThrows(takeBack);
  t.false(existsSync(join(w.directory, 'if-killed')));
});

/** What a phaul leaves that was killed: its directory, its will, and an owner that no longer lives. */
function abandoned(t: ExecutionContext, ...commands: string[][]): string {
  const directory = `/run/phaul/${randomUUID()}-source`;
  mkdirSync(directory, { recursive: true });
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'if-killed'), commands.map((each) => `${JSON.stringify(each)}\n`).join(''));
  const { pid } = spawnSync('true');
  writeFileSync(join(directory, 'owner'), JSON.stringify({ pid, start: '1' }));
  return directory;
}

// Another test's phaul may be sweeping at the same time.
async function gone(directory: string): Promise<boolean> {
  for (let i = 0; i < 500 && existsSync(directory); i++) await sleep(20);
  return !existsSync(directory);
}

test('what a killed phaul noted is done, the last deed first, and its directory goes', async (t) => {
  const at = home(t);
  const directory = abandoned(
    t,
    ['mv', '-nT', join(at, 'made'), join(at, 'moved')],
    ['false'],
    ['/nonexistent/program'],
    ['mkdir', '-p', join(at, 'made')],
  );
  await sweepAbandoned();
  t.true(await gone(directory));
  t.true(existsSync(join(at, 'moved')), 'and what fails stops nothing');
});

test('the workspace of a phaul that lives is left alone', async (t) => {
  const at = home(t);
  const w = await workspace(t);
  w.noteWill('touch', [join(at, 'swept')]);
  await sweepAbandoned();
  t.true(existsSync(w.directory));
  t.false(existsSync(join(at, 'swept')));
});

test('a new workspace sweeps first', async (t) => {
  const directory = abandoned(t, ['true']);
  await workspace(t);
  t.true(await gone(directory));
});
