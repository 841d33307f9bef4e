import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../error-codes.ts';
import { asPhaulError, type PhaulError } from '../errors.ts';
import { parseDestination } from '../transport/destination.ts';
import { connectSsh } from '../transport/ssh.ts';
import { type Link, newMigrationId, openLink } from './link.ts';
import { type Migration, newMigration } from './migration.ts';

// The target's own undo may take a while (files to remove); if the link is dead it undoes by itself.
const targetPatienceMs = 20_000;

// The source has nothing to undo any more.
const afterCommit: readonly ErrorCode[] = ['IN_DOUBT', 'RELEASE_FAILED', 'FILL_FAILED'];

// What breaks first when the connection does: its streams end before ssh has said why.
const symptoms: readonly ErrorCode[] = ['CRIU_DUMP', 'CRIU_DIED', 'FS_SYNC'];

/**
 * Before the commit: undo everything, on both hosts at the same time, because the container may be standing still here and files take long
 * to remove there. Nothing runs on the target before the commit; if the commit failed, the target has seen to that before it said so.
 * Gives the error as the user sees it, with what the container does now and what could not be undone.
 */
export async function rollback(
  m: Migration,
  error: PhaulError,
  link: Link | null,
): Promise<{ error: PhaulError; notUndone: string[] }> {
  // In preflight nothing has been touched; in doubt nothing may be; after the commit there is only forward.
  const beyond = afterCommit.includes(error.code);
  const told = beyond ? null : link;
  if (told) m.emit({ type: 'undo', name: error.message });
  if (beyond) link?.close();
  const target = told ? undoTarget(told) : Promise.resolve({ lost: null, notUndone: [] });
  m.targetUndone = target;
  const failures = await m.undo.unwind();
  const { lost, notUndone } = await target;
  notUndone.push(
    ...failures.map(({ name, error: failure }) => `source: ${name}: ${asPhaulError(failure).message}`),
  );
  if (lost) await wakeTarget(m);
  return { error: cause(error, lost).with({ sourceState: m.sourceState }), notUndone };
}

/** `lost`: why the target could not be told. */
async function undoTarget(link: Link): Promise<{ lost: PhaulError | null; notUndone: string[] }> {
  const timer = new AbortController();
  const told = link.insist('abort', {}).then(
    ({ failures }) => ({ lost: null, notUndone: failures.map((text) => `target: ${text}`) }),
    (thrown: unknown) => ({ lost: asPhaulError(thrown), notUndone: [] }),
  );
  const late = sleep(
    targetPatienceMs,
    { lost: null, notUndone: ['target: it does not answer'] },
    { signal: timer.signal },
  );
  late.catch(() => undefined);
  const outcome = await Promise.race([told, late]);
  timer.abort();
  link.close();
  return outcome;
}

function cause(error: PhaulError, lost: PhaulError | null): PhaulError {
  // A stream that cannot be opened: either sshd forbids it, which ssh then says, or nobody is there any more.
  const behind = [lost?.code === 'SSH_FORWARDING' ? 'LINK_LOST' : 'SSH_FORWARDING', ...symptoms];
  if (!lost || !behind.includes(error.code)) return error;
  return lost.with(error.details.act === undefined ? {} : { act: error.details.act });
}

/**
 * The service on the target may have been killed. The next phaul that is started there undoes what it left (workspace.ts), so one is.
 * The container runs on here already; if the target cannot be reached there is nothing more to be done from this side.
 */
async function wakeTarget(m: Migration): Promise<void> {
  const { destination, acceptNewHostKey } = m.options;
  const id = newMigrationId();
  const errand = newMigration(id, m.options, () => undefined, new AbortController().signal);
  const transport = connectSsh(parseDestination(destination), {
    migration: id,
    directory: null,
    acceptNewHostKey,
  });
  const link = await openLink(errand, transport).catch(() => null);
  link?.close();
}
