import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../error-codes.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import type { Link } from './link.ts';
import type { Migration } from './migration.ts';
import { errandOf } from './reconnect.ts';
import { tellTarget } from './tell.ts';

// The target's own undo may take a while (files to remove); if the link is dead it undoes by itself.
const targetPatienceMs = 20_000;

// What breaks first when the connection does: its streams end before ssh has said why.
const symptoms: readonly ErrorCode[] = ['CRIU_DUMP', 'CRIU_DIED', 'FS_SYNC'];

/**
 * Before the commit: undo everything, on both hosts at the same time, because the container may be standing still here and files take long
 * to remove there. Nothing runs on the target before the commit; if the commit failed, the target has seen to that before it said so.
 * Gives the error as the user sees it, with what the container does now and what could not be undone.
 */
export async function rollback(m: Migration, error: PhaulError, link: Link | null): Promise<PhaulError> {
  // In preflight nothing has been touched; in doubt nothing may be; after the commit there is only forward.
  const beyond = m.landed || error.code === 'IN_DOUBT';
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
  if (!beyond && failures.length === 0) await forget(m, lost !== null);
  m.journal?.close();
  const left = notUndone.length > 0 ? { notUndone } : {};
  return cause(error, lost).with({ sourceState: m.sourceState, ...left });
}

/** `lost`: why the target could not be told. */
async function undoTarget(link: Link): Promise<{ lost: PhaulError | null; notUndone: string[] }> {
  const timer = new AbortController();
  const told = tell(link).catch((thrown: unknown) => ({ lost: asPhaulError(thrown), notUndone: [] }));
  const silent = new PhaulError('TIMEOUT', `The target has not answered for ${targetPatienceMs / 1000} s.`);
  const late = sleep(
    targetPatienceMs,
    { lost: silent, notUndone: ['target: it does not answer'] },
    { signal: timer.signal },
  );
  late.catch(() => undefined);
  const outcome = await Promise.race([told, late]);
  timer.abort();
  link.close();
  return outcome;
}

async function tell(link: Link): Promise<{ lost: null; notUndone: string[] }> {
  const outcome = await link.insist('abort', {});
  const failures = outcome.outcome === 'undone' ? outcome.failures : ['it runs there'];
  await link.insist('finish', {});
  return { lost: null, notUndone: failures.map((text) => `target: ${text}`) };
}

/** All is undone here. A target that may be waiting for a word must get it, now or later (journal/guard.ts). */
async function forget(m: Migration, lost: boolean): Promise<void> {
  const { journal } = m;
  if (!journal) return;
  try {
    if (lost && journal.story().state === 'asked') {
      await journal.record('undone');
      await tellTarget(errandOf(m));
    }
    journal.remove();
  } catch (error) {
    m.say('log', `The target will be told later: ${asPhaulError(error).message}`);
  }
}

function cause(error: PhaulError, lost: PhaulError | null): PhaulError {
  // A stream that cannot be opened: either sshd forbids it, which ssh then says, or nobody is there any more.
  const behind = [lost?.code === 'SSH_FORWARDING' ? 'LINK_LOST' : 'SSH_FORWARDING', ...symptoms];
  if (!lost || !behind.includes(error.code)) return error;
  return lost.with(error.details.act === undefined ? {} : { act: error.details.act });
}
