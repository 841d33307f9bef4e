import * as z from 'zod';
import { acts } from '../acts.ts';
import { codes, type ErrorCode } from '../error-codes.ts';
import { count, flag, list, mode, ms, record, role, text } from './shapes.ts';

const code = z.enum(Object.keys(codes) as [ErrorCode, ...ErrorCode[]]);

/** Trees that one fs driver moves, and why that one. */
export const fileReport = record({
  driver: text,
  trees: list(text).describe('Paths on the source'),
  reason: text,
});
export type FileReport = z.infer<typeof fileReport>;

/** One of the two hosts. */
export const hostReport = record({
  name: text.describe('Host name, as the host gives it'),
  phaul: text.nullable().describe('Its release of phaul; null: it does not say'),
  kernel: text,
  criu: text.nullable().describe('Its version; null in revive mode, which needs none'),
  memTrack: flag.describe('Its kernel tracks written memory: it can move in iterations from there'),
  lazyPages: flag.describe('Its kernel lets memory follow a running task (userfaultfd)'),
  plug: flag
    .nullable()
    .describe('Its kernel has sch_plug, which holds packets back; null: that cannot be told'),
  drivers: list(
    record({
      kind: z.enum(['htype', 'fs', 'device']),
      name: text,
      version: text.nullable().describe('Null: it has none'),
      programs: list(record({ name: text, version: text.nullable().describe('Null: it does not tell') })),
    }),
  )
    .exactOptional()
    .describe(
      'Those that the migration uses, with the programs that they work with; an older release does not say',
    ),
});
export type HostReport = z.infer<typeof hostReport>;

/** What can be told beforehand. */
export const estimateReport = record({
  files: count
    .nullable()
    .describe(
      'Bytes in the files that would be copied if the target had none of them; null: counting took too long',
    ),
  bytesPerSecond: count
    .nullable()
    .describe(
      'What the link takes, measured through ssh, or --bwlimit if that is less; null: it was not measured well enough, and of times nothing is said. Where memory goes beside ssh it may be quicker',
    ),
  writtenPerSecond: count
    .nullable()
    .describe(
      'Bytes of memory that were written in a second, in pages; null: memory would not move in iterations',
    ),
  writtenAtLeast: flag.describe('It may be more: somebody tracks the memory already, and was left alone'),
  memory: count
    .nullable()
    .exactOptional()
    .describe('Bytes of memory that would go over, in all rounds together; null: not known'),
  totalMs: ms.nullable().describe('From the first copy until it runs on the target; null: not known'),
  freezeMs: ms.nullable().describe('For so long it would stand still; null: not known'),
});
export type EstimateReport = z.infer<typeof estimateReport>;

export const stopShape = {
  signal: text.describe('The signal that the container was asked with'),
  killed: flag.describe('It did not end within --stop-timeout and was killed'),
  stopMs: ms.describe('From that signal to its end'),
};
const stopReport = record(stopShape);
export type StopReport = z.infer<typeof stopReport>;

export const iterationShape = {
  number: count.describe('Counted from 1'),
  pages: count.describe('Memory pages sent; 0 in revive mode'),
  skippedPages: count.describe('Memory pages that had not changed since the round before; 0 in revive mode'),
  fsBytes: count.describe('Bytes of the fs sync over the channel'),
  changedBytes: count.describe('Those of changed contents among them'),
  files: count.describe('Files of any kind that differed; 0 where the driver does not count them'),
  roundMs: ms.describe('How long the round took'),
  dumpMs: ms.describe("Of that CRIU's pre-dump; 0 in revive mode"),
  filesMs: ms.describe('Of that the fs sync; all of it in revive mode'),
  predictedFreezeMs: ms
    .nullable()
    .describe(
      'How long the container would stand still if it were frozen after this round; null: not known yet (the first round), or revive mode',
    ),
};
const iteration = record(iterationShape);
export type Iteration = z.infer<typeof iteration>;

export const summaryShape = {
  container: text,
  source: text.describe('Host name, as the host gives it'),
  target: text.describe('Host name, as the host gives it'),
  mode,
  htype: text,
  files: list(fileReport).describe('Which fs drivers moved what, and why'),
  acts: list(record({ act: z.enum(acts), ms })).describe('In their order, with the time that each took'),
  estimate: estimateReport
    .exactOptional()
    .describe(
      'What was expected before anything moved, from what preflight measured beside its other work; a release before this one does not say',
    ),
  movingMs: ms
    .exactOptional()
    .describe('From the first copy until it ran on the target; a release before this one does not say'),
  stop: stopReport.nullable().describe('How it was stopped; null in live mode'),
  freezeMs: ms.describe(
    'How long it did not run, as the source sees it. Live mode: from the freeze to the first instruction on the target. Revive mode: from the end of its last process to its start on the target, or with --no-start to the moment when it was complete there',
  ),
  predictedFreezeMs: ms
    .nullable()
    .describe('What was expected of it when the iterations ended; null: nothing was'),
  iterations: list(iteration),
  pages: count.describe('Memory pages (4 KiB) sent in the freeze and before it'),
  bytes: record({ mem: count, images: count, fs: count, firstCopy: count, lastSync: count }).describe(
    "Bytes of memory, of CRIU's images, and of files; firstCopy and lastSync (while it stood still) are parts of fs",
  ),
  fill: record({ pages: count, waitedFor: count })
    .nullable()
    .describe(
      'Pages that were put in place after all tasks existed, and how often a task had to wait for one; null: none were, or the link broke before that could be learned',
    ),
  pid: count
    .nullable()
    .describe('Process id of its root task on the target; null if it was left stopped there in revive mode'),
  startWith: text.nullable().describe('The command that starts it on the target, where it was left stopped'),
  warnings: list(text),
};
const summary = record(summaryShape);
/** A migration that worked. */
export type Summary = z.infer<typeof summary>;

/** What a migration would do, found out by preflight alone. */
export const planReport = record({
  target: text.describe('Host name, as the host gives it'),
  hosts: record({ source: hostReport, target: hostReport }),
  mode,
  htype: text,
  files: list(fileReport),
  devices: list(text),
  memory: count.describe('Resident memory now, in bytes'),
  preDump: flag.describe('Memory would move in iterations before the freeze'),
  lazy: flag.describe('It would run before all of its memory is in place'),
  estimate: estimateReport.describe('How long it would take, from what was measured in a few seconds'),
});
export type PlanReport = z.infer<typeof planReport>;

/** What `phaul check` without a target found on this host. */
export const hereReport = record({
  criu: text.nullable().describe('Its version; null in revive mode, which needs none'),
  preDump: flag.describe('The kernel tracks written memory: it can move in iterations before the freeze'),
  container: text.nullable(),
});
export type HereReport = z.infer<typeof hereReport>;

export const errorReport = record({
  code: code.describe('[errors.md](errors.md) lists them'),
  message: text,
  hint: text.describe('What to do next'),
  sourceState: z
    .enum(['running', 'frozen', 'stopped', 'gone', 'unknown'])
    .describe('The container on the source: running as before; gone: it belongs to the target'),
  act: text.exactOptional().describe('Where it happened, if that is known'),
  host: role.exactOptional().describe('Where it happened, if that is known'),
  logLine: text.exactOptional().describe('The line of a log that names the cause'),
  logFile: text.exactOptional().describe('The whole log, as a path on `host`'),
  refusals: list(record({ code, message: text, hint: text, host: role }))
    .exactOptional()
    .describe('Where preflight refused: every reason'),
  notUndone: list(text).exactOptional().describe('What could not be undone, if anything'),
  exitCode: count.describe("phaul's exit code"),
});
export type ErrorReport = z.infer<typeof errorReport>;
