import type { Past } from '../history/past.ts';
import { type Outcome, outcomeOf } from '../history/outcome.ts';
import type { Story } from '../journal/story.ts';
import { duration } from '../observe/amounts.ts';
import { plainText } from '../observe/plain-text.ts';

/** One migration, as `phaul ps --json` shows it. */
export interface Row {
  readonly migration: string;
  readonly container: string;
  /** What this host is in it. */
  readonly role: 'source' | 'target';
  readonly peer: string;
  readonly mode: 'live' | 'revive';
  /** `waiting`: it has not ended, and no living phaul is at work on it here: phaul status says more. */
  readonly state: 'running' | 'waiting' | Outcome;
  /** The act under way on the source; null: it has ended, or nobody knows here. */
  readonly act: string | null;
  /** Why it failed: an error code. */
  readonly code: string | null;
  readonly since: string;
  /** Null: it has not ended. */
  readonly until: string | null;
  /** How long it took, or has been going on, on this host. */
  readonly ms: number;
  /** How long the container stood still; null: it did not, or nobody knows here. */
  readonly freezeMs: number | null;
}

/** One that has not ended. @param kept a living phaul is at work on it */
export function rowOfStory(story: Story, kept: boolean, now: Date): Row {
  const { migration, container, role, peer, mode, since, act } = story;
  return {
    migration,
    container,
    role,
    peer,
    mode,
    state: kept ? 'running' : 'waiting',
    act: kept && role === 'source' ? (act ?? 'preflight') : null,
    code: null,
    since,
    until: null,
    ms: now.getTime() - Date.parse(since),
    freezeMs: null,
  };
}

export function rowOfPast(past: Past): Row {
  const { end, result } = past;
  const { migration, container, role, peer, mode, since, until } = end;
  return {
    migration,
    container,
    role,
    peer,
    mode,
    state: outcomeOf(past),
    act: null,
    code: result?.ok === false ? result.error.code : null,
    since,
    until,
    ms: Date.parse(until) - Date.parse(since),
    freezeMs: result?.ok && 'freezeMs' in result ? result.freezeMs : null,
  };
}

const titles = ['CONTAINER', 'PEER', 'MODE', 'STATE', 'BEGAN (UTC)', 'TOOK', 'STOOD STILL', 'ID'];

/** As people read them. */
export function table(rows: readonly Row[]): string[] {
  const cells = [titles, ...rows.map(cellsOf)].map((line) => line.map(plainText));
  const widths = titles.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function cellsOf(row: Row): string[] {
  const { container, role, peer, mode, state, act, code, since, ms, freezeMs, migration } = row;
  const detail = act ?? code;
  return [
    container,
    role === 'source' ? `to ${peer}` : `from ${peer}`,
    mode,
    detail === null ? state : `${state} (${detail})`,
    since.slice(0, 19).replace('T', ' '),
    duration(ms),
    freezeMs === null ? '-' : duration(freezeMs),
    migration,
  ];
}
