import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { End } from '../../src/history/end.ts';
import { endFile, eventsFile } from '../../src/history/places.ts';
import type { ResultEvent, Summary } from '../../src/observe/events.ts';
import { event, summary } from '../observe/events.ts';

const end: End = {
  format: 1,
  migration: 'aaaaaaaa',
  role: 'source',
  htype: 'runc',
  container: 'ct101',
  mode: 'live',
  peer: 'hostb',
  since: '2026-01-02T03:04:00.000Z',
  until: '2026-01-02T03:04:07.500Z',
  moved: true,
  lost: null,
};

/** A migration that has ended, as a host remembers it. */
export function past(
  about: Partial<End> = {},
  result: Partial<Summary> | null = {},
): { end: End; result: ResultEvent | null } {
  const ended = result && (event({ type: 'result', ok: true, ...summary, ...result }) as ResultEvent);
  return { end: { ...end, ...about }, result: ended };
}

export function failure(code: 'LINK_LOST' | 'CANCELLED' | 'NAME_TAKEN', exitCode: number): ResultEvent {
  const error = { code, message: 'No.', hint: 'Look.', sourceState: 'running', exitCode } as const;
  return event({ type: 'result', ok: false, error }) as ResultEvent;
}

/** Puts it where a host would. @param age in seconds */
export function remember(base: string, { end, result }: ReturnType<typeof past>, age: number): void {
  const directory = join(base, `${end.migration}-${end.role}`);
  mkdirSync(directory);
  writeFileSync(endFile(directory), JSON.stringify(end));
  if (result) writeFileSync(eventsFile(directory), `${JSON.stringify(result)}\n`);
  utimesSync(directory, 1e9 - age, 1e9 - age);
}
