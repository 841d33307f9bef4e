import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import type { HostRole } from '../../src/errors.ts';
import { createJournal, type Journal, journalDirectory, takeOverJournal } from '../../src/journal/journal.ts';
import { clearWorkspace } from '../../src/workspace.ts';
import { bundledText } from '../bundle.ts';

export const about = (migration: string, role: HostRole = 'source') =>
  ({ migration, role, htype: 'box', container: `box-${migration}`, mode: 'live', peer: 'hostb' }) as const;

/** A journal of this process, removed at the end of the test. */
export async function newJournal(t: ExecutionContext, role: HostRole = 'source'): Promise<Journal> {
  const journal = await createJournal(about(randomUUID(), role));
  t.teardown(() => {
    journal.remove();
    takeOverJournal(journal.migration, role)?.remove();
  });
  return journal;
}

/** A directory of this test. */
export function home(t: ExecutionContext): string {
  const path = mkdtempSync('/tmp/phaul-journal-');
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

export interface Former {
  readonly migration: string;
  /** Whether this host still knows anything of it. */
  readonly known: () => boolean;
}

/**
 * A phaul that is killed after it has done something.
 * @param deeds JavaScript, with `journal` and `workspace`
 * @param guarded it has posted a guard
 */
export async function killedPhaul(
  t: ExecutionContext,
  deeds: string,
  { role = 'source', guarded = false }: { role?: HostRole; guarded?: boolean } = {},
): Promise<Former> {
  const migration = randomUUID();
  // A file, because the guard starts phaul with the options that Node itself was given: with --eval it would be this again.
  const program = `
    import { createJournal } from './src/journal/journal.ts';
    import { createGuardedJournal } from './src/journal/guard.ts';
    import { createWorkspace } from './src/workspace.ts';
    const journal = await ${guarded ? 'createGuardedJournal' : 'createJournal'}(${JSON.stringify(about(migration, role))});
    const workspace = await createWorkspace(journal, { imagePath: undefined, keepImages: false });
    ${deeds}
    setTimeout(() => undefined, 1e6);
    console.log('ready');
  `;
  const child = spawn(process.execPath, [bundledText(program)], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(async () => {
    child.kill('SIGKILL');
    takeOverJournal(migration, role)?.remove();
    await clearWorkspace(migration, role);
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  return {
    migration,
    known: () => existsSync(journalDirectory(migration)) || existsSync(`/run/phaul/${migration}-${role}`),
  };
}
