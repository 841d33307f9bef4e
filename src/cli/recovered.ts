import { asPhaulError } from '../errors.ts';
import { readEnd } from '../history/end.ts';
import { historyDirectory } from '../history/places.ts';
import type { Failure } from '../journal/abandoned.ts';
import { describe } from '../journal/describe.ts';
import type { Story } from '../journal/story.ts';
import type { About, Log } from '../log/record.ts';

/** Logs what `phaul recover` finds and what has become of it: where each migration stood before, and where it stands now. */
export function logFound(log: Log, before: readonly Story[]): void {
  for (const story of before)
    log({
      level: 'info',
      message: `phaul recover goes on with it. ${describe(story, false).where}`,
      ...of(story),
    });
}

export function logRecovered(log: Log, before: readonly Story[], after: readonly Story[]): void {
  for (const story of before) {
    const { migration, role, peer } = story;
    const now = after.find((each) => each.migration === migration && each.role === role);
    const end = readEnd(historyDirectory(migration, role));
    const whose =
      role === 'source'
        ? end?.moved
          ? `it is on ${peer}`
          : 'it is here'
        : end?.moved
          ? 'it is here'
          : `it is on ${peer}`;
    const message = now ? describe(now, false).where : end ? `That is over: ${whose}.` : 'That is over.';
    log({ level: 'info', message, ...of(story) });
    if (now?.lost ?? end?.lost)
      log({ level: 'error', message: String(now?.lost ?? end?.lost), ...of(story), code: 'FILL_FAILED' });
  }
}

export function logFailures(log: Log, failures: readonly Failure[]): void {
  for (const { story, error } of failures) {
    const { code, message, hint } = asPhaulError(error);
    log({ level: 'error', message: `${code}: ${message} ${hint}`, ...of(story), code });
  }
}

export function of({ migration, container, role }: Story): About {
  return { migration, container, host: role };
}
