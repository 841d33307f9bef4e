import * as z from 'zod';
import { acts } from '../acts.ts';
import {
  errorReport,
  fileReport,
  hereReport,
  hostReport,
  iterationShape,
  planReport,
  stopShape,
  summaryShape,
} from './results.ts';
import { count, flag, list, mode, ms, record, role, text } from './shapes.ts';

export type {
  ErrorReport,
  EstimateReport,
  FileReport,
  HereReport,
  HostReport,
  Iteration,
  PlanReport,
  StopReport,
  Summary,
} from './results.ts';

/** Raised when a member or type goes away or changes its meaning. New ones may come at any time. */
export const eventVersion = 1;

const act = z.enum(acts);

/** What every event says: who, when and where. */
const envelope = {
  version: z.literal(eventVersion).describe('Of this format'),
  migration: text.describe('Id of the migration; also part of the names of kept logs'),
  time: z.iso.datetime().describe('Wall clock, ISO 8601, UTC'),
  ms: ms.describe('Milliseconds since the start, by a clock that never jumps'),
  host: role.describe('Where it happened'),
  act: act.nullable().describe('The act that is under way, or was last; null before the first'),
};

type Event<T extends string, S extends z.ZodRawShape> = { type: z.ZodLiteral<T> } & Omit<
  typeof envelope,
  keyof S
> &
  S;

function event<T extends string, S extends z.ZodRawShape>(
  type: T,
  meaning: string,
  shape: S,
): z.ZodReadonly<z.ZodObject<Event<T, S>, z.core.$strip>> {
  // TypeScript takes the spread for both members where the shape replaces one of the envelope's.
  const all = { type: z.literal(type), ...envelope, ...shape } as Event<T, S>;
  return record(all).describe(meaning);
}

const events = [
  event('start', '`target` is what the command line says', {
    container: text,
    target: text,
    mode,
    options: z
      .record(text, z.union([text, z.number(), flag]))
      .exactOptional()
      .describe(
        'Those that are not as they are by default, by their names in [library.md](library.md#options)',
      ),
  }),
  event('act-begin', 'It begins', { act }),
  event('act-end', 'It succeeded. An act that failed has no end', { act, actMs: ms }),
  event('hosts', 'What runs on both hosts', {
    source: hostReport,
    target: hostReport,
    clock: record({
      aheadMs: z.number().describe("By how much the target's clock is ahead of the source's"),
      errorMs: ms.describe('How far that may be wrong'),
    })
      .exactOptional()
      .describe('An older release does not say'),
  }),
  event('files', 'Which fs drivers move what, and why', { files: list(fileReport) }),
  event(
    'progress',
    'Live mode, from the first iteration to the end of the act transfer, at most four times a second, if there is news: how far the memory of this round is',
    {
      iteration: count.describe('The round. In the freeze it is one more than there were iterations'),
      pages: count.describe('Memory pages sent in this round'),
      expectedPages: count
        .nullable()
        .describe(
          'How many there will be, about: in the first round all that is resident, later as quickly as they were written before; null: nobody knows',
        ),
      bytes: count.describe('Bytes on the channel for them'),
      bytesPerSecond: count.describe('Of these, since the last such event'),
    },
  ),
  event(
    'copying',
    'While files are copied, at most four times a second, if there is news: how far this copy is, if the fs drivers know. rsync and btrfs tell once a second',
    {
      bytes: count.describe('Bytes of contents that have gone in this copy'),
      bytesPerSecond: count.describe('Of these, since the last such event'),
    },
  ),
  event('iteration', 'One round while the container ran is complete', iterationShape),
  event('decision', 'Why the iterations end, or never began', { reason: text }),
  event('frozen', 'Live mode: the container stands still on the source', {}),
  event('stopped', 'Revive mode: the container has ended on the source', stopShape),
  event('running', 'The container runs on the target', { freezeMs: ms }),
  event(
    'filling',
    'In the act fill, four times a second: pages that follow the running container, and how many of them are in place',
    { total: count, placed: count },
  ),
  event('left-stopped', 'Revive mode with --no-start: it is complete on the target, and does not run', {}),
  event('warning', 'For people. Warnings are in the result too', { text }),
  event('log', 'For people', { text }),
  event('undo', 'The migration failed, for this reason, and is being undone', { name: text }),
] as const;

const ok = z.literal(true);
const results = [
  event('result', 'A migration that worked', { ok, ...summaryShape }),
  event('result', '`--dry-run` and `check CONTAINER DEST`: what would be done', { ok, plan: planReport }),
  event('result', '`check` without a target', { ok, here: hereReport }),
  event('result', '`--help` and `--version`: nothing was done', {
    ok,
    text: text.describe('What people get to read'),
  }),
  event('result', 'A failure', { ok: z.literal(false), error: errorReport }),
] as const;

/** The schema of one event: docs/events.schema.json and docs/events.md are made from it. */
export const phaulEvent = z.union([...events, ...results]);

/** One entry of the event stream. */
export type PhaulEvent = z.infer<typeof phaulEvent>;

/** The last event of every run, and the only one that is there exactly once. */
export type ResultEvent = Extract<PhaulEvent, { type: 'result' }>;

type Stamp = Exclude<keyof typeof envelope, 'act'>;
type Without<E, K extends PropertyKey> = E extends unknown ? Omit<E, K> : never;
type OfAct = Extract<PhaulEvent, { type: 'act-begin' | 'act-end' }>;

/** What happened, without who and when. */
export type Happening = Without<OfAct, Stamp> | Without<Exclude<PhaulEvent, OfAct>, Stamp | 'act'>;

export type Result = Extract<Happening, { type: 'result' }>;
