import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const source = fileURLToPath(new URL('../../src', import.meta.url));

/** A phaul that has a guard and a will, and then does what it is told: says `ready`, and lives on. */
async function phaul(
  t: ExecutionContext,
  then = '',
): Promise<{ child: ReturnType<typeof spawn>; done: string }> {
  const home = mkdtempSync('/tmp/phaul-guard-');
  const id = randomUUID();
  t.teardown(() => {
    rmSync(home, { recursive: true });
    spawnSync('umount', ['-l', `/run/phaul/${id}-source/images`]);
    rmSync(`/run/phaul/${id}-source`, { recursive: true, force: true });
  });
  const done = join(home, 'done');
  const program = `
    import { createWorkspace } from '${source}/workspace.ts';
    import { postGuard } from '${source}/migration/guard.ts';
    const workspace = await createWorkspace('${id}', 'source');
    workspace.noteWill('mkdir', ['-p', '${done}']);
    const guard = postGuard();
    ${then}
    setTimeout(() => undefined, 1e6);
    console.log('ready');
  `;
  // A file, because the guard starts phaul with the options that Node itself was given: with --eval it would be this again.
  const file = join(home, 'phaul.mts');
  writeFileSync(file, program);
  const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return { child, done };
}

test('when phaul is killed what it noted is done, without anybody starting another', async (t) => {
  const { child, done } = await phaul(t);
  child.kill('SIGKILL');
  for (let i = 0; i < 1500 && !existsSync(done); i++) await sleep(20);
  t.true(existsSync(done));
});

/** The guards of a process: its children that would start `phaul recover`. */
const guardsOf = (pid: number): string[] =>
  readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && parentOf(name) === pid && told(name, 'cmdline').endsWith('\0recover\0'),
  );

const parentOf = (pid: string): number => Number(/^PPid:\s+(\d+)$/m.exec(told(pid, 'status'))?.[1]);

function told(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

test('a guard is there until it is dismissed', async (t) => {
  const { child } = await phaul(t);
  t.is(guardsOf(child.pid!).length, 1);
});

test('a guard that is dismissed goes home and does nothing', async (t) => {
  const { child, done } = await phaul(t, 'guard.dismiss(); guard.dismiss();');
  for (let i = 0; i < 500 && guardsOf(child.pid!).length > 0; i++) await sleep(20);
  t.deepEqual(guardsOf(child.pid!), []);
  t.false(existsSync(done));
});
