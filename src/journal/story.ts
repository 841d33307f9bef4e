import * as z from 'zod';

/**
 * How far a migration has come, as one host knows it. docs/handover.md has every pair of them, and what brings the container back.
 *
 * On the source: `open`: the container is the source's, whatever happens. `asked`: so it is, but the target may be ready for it and must be told if it
 * does not come. `handed`: only the target can say whose it is. `landed`: it is the target's. `undone`: it is the source's again, which the target
 * has not been told.
 *
 * On the target: `open`: nothing of it can run here. `standby`: nor now, but devices of it may be in use here. `ready`: it is complete here and waits for the word. `committed`: the word has come, and
 * nothing has run. `running`: from here it may have run. `landed`: it has been let run (or is left stopped, as asked). `undone`: it does not run
 * here and never will, which the source has not been told.
 */
export const states = [
  'open',
  'asked',
  'handed',
  'standby',
  'ready',
  'committed',
  'running',
  'landed',
  'undone',
] as const;

export type State = (typeof states)[number];

const command = z.array(z.string()).min(1);

const head = z.object({
  format: z.literal(1),
  phaul: z.string(),
  migration: z.string(),
  role: z.enum(['source', 'target']),
  htype: z.string(),
  /** Its name on this host. */
  container: z.string(),
  mode: z.enum(['live', 'revive']),
  /** The other host: on the source as the user named it, on the target as it names itself. */
  peer: z.string(),
  /** ISO 8601. */
  since: z.string(),
  /** The kernel's id of this boot: after another one no process is left. */
  boot: z.string(),
});

/** Which fs driver moves which trees. */
const files = z.array(
  z.object({
    driver: z.string(),
    trees: z.array(z.object({ source: z.string(), target: z.string(), without: z.array(z.string()) })),
  }),
);

const landing = z.object({
  pid: z.int().nullable(),
  watchedMs: z.number().nonnegative(),
  startByHand: z.string().nullable(),
});

/** What is written down, one JSON object a line; later ones win. */
const line = z.object({
  head: head.optional(),
  state: z.enum(states).optional(),
  act: z.string().optional(),
  /** What runs if phaul is killed and the migration is undone, or if the container has moved; the last noted first. */
  will: z
    .object({
      number: z.int(),
      when: z.enum(['undone', 'moved']),
      command,
      /** Nothing that comes after it is done before it has succeeded. */
      must: z.literal(true).optional(),
    })
    .optional(),
  withdrawn: z.int().optional(),
  /** The container's root task on the target, and the CRIU that makes it, with its log. */
  tree: z
    .object({
      pid: z.int(),
      start: z.string(),
      criu: z.int().nullable(),
      /** When that was started, as `start`. */
      criuStart: z.string().nullable().optional(),
      log: z.string().optional(),
    })
    .optional(),
  /** Source: what must be marked as left when the container has moved. */
  files: files.optional(),
  landing: landing.optional(),
  filled: z.object({ pages: z.int(), waitedFor: z.int() }).optional(),
  /** Why it was killed on the target after it had landed. */
  lost: z.string().optional(),
});

export type Head = z.infer<typeof head>;
export type Line = z.infer<typeof line>;
export type Landed = z.infer<typeof landing>;
export type When = 'undone' | 'moved';

/** All that one host knows of a migration. */
export interface Story extends Head {
  readonly state: State;
  readonly act: string | null;
  readonly wills: readonly NonNullable<Line['will']>[];
  readonly tree: NonNullable<Line['tree']> | null;
  readonly files: z.infer<typeof files>;
  readonly landing: Landed | null;
  readonly filled: NonNullable<Line['filled']> | null;
  readonly lost: string | null;
}

/** Reads what a journal says. A last line that was cut off was never acted upon. Null: it never began. */
export function readStory(text: string): Story | null {
  const lines = text.split('\n').slice(0, -1).map(parsed);
  const last = <K extends keyof Line>(key: K): Line[K] =>
    lines.findLast((each) => each[key] !== undefined)?.[key];
  const first = lines[0]?.head;
  if (!first) return null;
  const withdrawn = new Set(lines.map((each) => each.withdrawn));
  return {
    ...first,
    state: last('state') ?? 'open',
    act: last('act') ?? null,
    wills: lines.flatMap(({ will }) => (will && !withdrawn.has(will.number) ? [will] : [])),
    tree: last('tree') ?? null,
    files: last('files') ?? [],
    landing: last('landing') ?? null,
    filled: last('filled') ?? null,
    lost: last('lost') ?? null,
  };
}

function parsed(text: string): Line {
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
