import { duration, sized } from './amounts.ts';
import type { Summary } from './events.ts';

/** Something of a migration, as it was expected before anything moved and as it came, as people read it. */
export interface Comparison {
  readonly what: 'time' | 'freeze' | 'memory' | 'files';
  readonly expected: string;
  readonly real: string;
}

/** What could be told beforehand, beside what it was. Of files that is the most that there could be: what the target had already does not go. */
export function comparisons({ estimate, movingMs, freezeMs, bytes, mode }: Summary): Comparison[] {
  if (!estimate || movingMs === undefined) return [];
  const { totalMs, freezeMs: freeze, memory, files } = estimate;
  const compared = (
    what: Comparison['what'],
    words: (value: number) => string,
    expected: number | null | undefined,
    real: number,
    atMost = '',
  ): Comparison[] =>
    expected === null || expected === undefined
      ? []
      : [{ what, expected: `${atMost}${words(expected)}`, real: words(real) }];
  // In revive mode only the copying is estimated, and no memory moves.
  if (mode === 'revive') return compared('files', sized, files, bytes.fs, 'at most ');
  return [
    ...compared('time', duration, totalMs, movingMs),
    ...compared('freeze', duration, freeze, freezeMs),
    ...compared('memory', sized, memory, bytes.mem),
    ...compared('files', sized, files, bytes.fs, 'at most '),
  ];
}
