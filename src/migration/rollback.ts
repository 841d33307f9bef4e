import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../error-codes.ts';
import type { PhaulError } from '../errors.ts';
import { asPhaulError } from '../errors.ts';
import type { Link } from './link.ts';
import type { Migration } from './migration.ts';

// The target's own undo may take a while (files to remove); if the link is dead it undoes by itself.
const targetPatienceMs = 20_000;

// What breaks first when the connection does: its streams end before ssh has said why.
const symptoms: readonly ErrorCode[] = ['CRIU_DUMP', 'CRIU_DIED', 'FS_SYNC', 'SSH_FORWARDING'];

/**
 * Before the commit: undo everything on both hosts, the target first, because a dump in progress ends when the target stops
 * taking its pages. Gives the error as the user sees it, with what the container does now and what could not be undone.
 */
export async function rollback(
  m: Migration,
  error: PhaulError,
  link: Link | null,
): Promise<{ error: PhaulError; notUndone: string[] }> {
  m.emit({ type: 'undo', name: error.message });
  const notUndone: string[] = [];
  let reason = error;
  if (link && error.code !== 'IN_DOUBT') {
    const timer = new AbortController();
    const told = link.insist('abort', {}).then(
      ({ failures }) => notUndone.push(...failures.map((text) => `target: ${text}`)),
      (thrown: unknown) => {
        const lost = asPhaulError(thrown);
        if (lost.code === 'LINK_LOST' && symptoms.includes(error.code))
          reason = lost.with(error.details.act === undefined ? {} : { act: error.details.act });
      },
    );
    await Promise.race([
      told,
      sleep(targetPatienceMs, undefined, { signal: timer.signal }).catch(() => undefined),
    ]);
    timer.abort();
    link.close();
  }
  const failures = await m.undo.unwind();
  notUndone.push(
    ...failures.map(({ name, error: failure }) => `source: ${name}: ${asPhaulError(failure).message}`),
  );
  return { error: reason.with({ sourceState: m.sourceState }), notUndone };
}
