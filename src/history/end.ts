import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { endFile, historyDirectory } from './places.ts';

const end = z.object({
  format: z.literal(1),
  migration: z.string(),
  /** What this host was in it. */
  role: z.enum(['source', 'target']),
  htype: z.string(),
  /** Its name on this host. */
  container: z.string(),
  mode: z.enum(['live', 'revive']),
  /** The other host. */
  peer: z.string(),
  /** When it began and ended here, ISO 8601. */
  since: z.string(),
  until: z.string(),
  /** The container is the target's; else it is the source's. */
  moved: z.boolean(),
  /** Why it was killed on the target after it had been let run there. */
  lost: z.string().nullable(),
});

/** What came of a migration on one host, whoever ended it: this phaul, the next one, or an operator. */
export type End = z.infer<typeof end>;

/** Writes it down, if the history of that migration has begun. Never throws. */
export function writeEnd(ended: Omit<End, 'format' | 'until'>): void {
  const directory = historyDirectory(ended.migration, ended.role);
  try {
    if (!existsSync(directory)) return;
    const whole: End = { format: 1, ...ended, until: new Date().toISOString() };
    writeFileSync(endFile(directory), `${JSON.stringify(whole)}\n`, { mode: 0o600 });
  } catch {
    // It is not remembered, then.
  }
}

/** Null: it has not ended, or nobody knows how. */
export function readEnd(directory: string): End | null {
  try {
    return end.parse(JSON.parse(readFileSync(endFile(directory), 'utf8')));
  } catch {
    return null;
  }
}
