import test from 'ava';
import { beforeTheStart } from '../../src/observe/course.ts';
import { ending } from '../../src/observe/ending.ts';
import type { ErrorReport, PlanReport, Result, ResultEvent } from '../../src/observe/events.ts';
import { event, round, summary } from './events.ts';

type Outcome = Result extends infer R ? (R extends unknown ? Omit<R, 'type'> : never) : never;

const lines = (outcome: Outcome, reason: string | null = null): string[] => {
  const result = event({ type: 'result', ...outcome } as Result);
  return ending(result as ResultEvent, { ...beforeTheStart, reason });
};
const ends = test.macro<[Outcome, string[], string?]>({
  exec: (t, outcome, expected, reason) => t.deepEqual(lines(outcome, reason), expected),
  title: (what) => `${what} as people see it`,
});
test('success', ends, { ok: true, ...summary }, [
  'ct101 runs on hostb (pid 4711 there). It stood still for 153 ms.',
  'Moved: 2048 pages (8.0 MiB), 293.0 KiB of images, 12 B of files.',
  'Files: /srv/ct101 by rsync.',
  'Time: 12 ms (preflight 100 ms).',
]);
const trees = ['/a', '/b', '/c', '/d', '/e', '/f'];
const eventful = {
  ...summary,
  predictedFreezeMs: 140,
  iterations: [round, { ...round, pages: 90 }, { ...round, pages: 0 }],
  files: [...summary.files, { driver: 'shared', trees, reason: 'x' }],
  fill: { pages: 1500, waitedFor: 12 },
  warnings: ['careful', 'very'],
};
test(
  'success with all there is to say',
  ends,
  { ok: true, ...eventful },
  [
    'ct101 runs on hostb (pid 4711 there). It stood still for 153 ms (expected: 140 ms).',
    'Moved: 2048 pages (8.0 MiB), 293.0 KiB of images, 12 B of files.',
    'Iterations: █▁· 900, 90, 0 pages; the last iteration moved only 0 pages.',
    'Put in place behind it: 1500 pages, 12 of which a task had to wait for.',
    'Files: /srv/ct101 by rsync; /a, /b, /c, /d and 2 more by shared.',
    'Warnings: 2, see above.',
    'Time: 12 ms (preflight 100 ms).',
  ],
  'the last iteration moved only 0 pages',
);
const estimate = {
  files: 3 * 2 ** 20,
  bytesPerSecond: 100 * 2 ** 20,
  writtenPerSecond: null,
  writtenAtLeast: false,
  memory: 7 * 2 ** 20,
  totalMs: 1200,
  freezeMs: 130,
};
test('success that was foreseen', ends, { ok: true, ...summary, estimate, movingMs: 1234.5 }, [
  'ct101 runs on hostb (pid 4711 there). It stood still for 153 ms.',
  'Moved: 2048 pages (8.0 MiB), 293.0 KiB of images, 12 B of files.',
  'Files: /srv/ct101 by rsync.',
  'Time: 12 ms (preflight 100 ms).',
  'Expected beforehand → what it was: time 1200 ms → 1235 ms, freeze 130 ms → 153 ms, memory 7.0 MiB → 8.0 MiB, files at most 3.0 MiB → 12 B.',
]);
const unmeasured = { ...estimate, bytesPerSecond: null, totalMs: null, freezeMs: null, memory: null };
test(
  'success of which only the files were counted',
  ends,
  { ok: true, ...summary, estimate: unmeasured, movingMs: 1 },
  [
    'ct101 runs on hostb (pid 4711 there). It stood still for 153 ms.',
    'Moved: 2048 pages (8.0 MiB), 293.0 KiB of images, 12 B of files.',
    'Files: /srv/ct101 by rsync.',
    'Time: 12 ms (preflight 100 ms).',
    'Expected beforehand → what it was: files at most 3.0 MiB → 12 B.',
  ],
);
const unknown = { ...estimate, files: null, totalMs: null };
test('success of which a part was foreseen', ends, { ok: true, ...summary, estimate: unknown, movingMs: 1 }, [
  'ct101 runs on hostb (pid 4711 there). It stood still for 153 ms.',
  'Moved: 2048 pages (8.0 MiB), 293.0 KiB of images, 12 B of files.',
  'Files: /srv/ct101 by rsync.',
  'Time: 12 ms (preflight 100 ms).',
  'Expected beforehand → what it was: freeze 130 ms → 153 ms, memory 7.0 MiB → 8.0 MiB.',
]);
test(
  'success without iterations',
  ends,
  { ok: true, ...summary },
  [
    'ct101 runs on hostb (pid 4711 there). It stood still for 153 ms.',
    'Moved: 2048 pages (8.0 MiB), 293.0 KiB of images, 12 B of files.',
    'No iterations were asked for.',
    'Files: /srv/ct101 by rsync.',
    'Time: 12 ms (preflight 100 ms).',
  ],
  'no iterations were asked for',
);
const revived = {
  ...summary,
  mode: 'revive',
  pages: 0,
  stop: { signal: 'SIGTERM', killed: false, stopMs: 230 },
  freezeMs: 512,
  iterations: [
    { ...round, pages: 0, changedBytes: 4096 },
    { ...round, pages: 0, changedBytes: 1536 },
  ],
  bytes: { mem: 0, images: 0, fs: 2 ** 20 + 5632, firstCopy: 2 ** 20, lastSync: 512 },
} as const;
test('success in revive mode', ends, { ok: true, ...revived }, [
  'ct101 runs on hostb (pid 4711 there). From its end here to its start there: 512 ms.',
  'On the source: it ended after SIGTERM within 230 ms.',
  'Moved: 1.0 MiB of files (first copy 1.0 MiB; while it was stopped 512 B).',
  'Iterations: █▃ 4.0 KiB, 1.5 KiB.',
  'Files: /srv/ct101 by rsync.',
  'Time: 12 ms (preflight 100 ms).',
]);
test(
  'success without a start',
  ends,
  { ok: true, ...revived, pid: null, startWith: 'runc start ct101', iterations: [] },
  [
    'ct101 is complete on hostb and stopped there. Start it there with: runc start ct101',
    'On the source: it ended after SIGTERM within 230 ms.',
    'Moved: 1.0 MiB of files (first copy 1.0 MiB; while it was stopped 512 B).',
    'Files: /srv/ct101 by rsync.',
    'Time: 12 ms (preflight 100 ms).',
  ],
);
const host = {
  name: 'hosta',
  phaul: '0.1.0',
  kernel: '6.12.1',
  criu: '4.2.1',
  memTrack: true,
  lazyPages: true,
  plug: true,
  drivers: [
    { kind: 'htype', name: 'runc', version: '0.1.0', programs: [{ name: 'runc', version: '1.1.5' }] },
    { kind: 'fs', name: 'zfs', version: '2.0.0', programs: [{ name: 'zfs', version: null }] },
  ],
} as const;
const { drivers: _, ...without } = host;
const old = {
  ...without,
  name: 'hostb',
  phaul: null,
  memTrack: false,
  lazyPages: false,
  plug: null,
};
const measured = {
  files: 3 * 2 ** 20,
  bytesPerSecond: 100 * 2 ** 20,
  writtenPerSecond: 2 ** 20,
  writtenAtLeast: false,
  totalMs: 12_400,
  freezeMs: 310,
};
const plan: PlanReport = {
  estimate: measured,
  hosts: { source: host, target: old },
  target: 'hostb',
  mode: 'live',
  htype: 'runc',
  files: [
    { driver: 'rsync', trees: ['/srv/a', '/srv/b'], reason: 'x' },
    { driver: 'shared', trees: ['/mnt'], reason: 'y' },
  ],
  devices: [],
  memory: 0,
  preDump: true,
  lazy: true,
};
test('a rehearsal', ends, { ok: true, plan }, [
  'Nothing refuses this migration to hostb.',
  'It would move 0 B of memory, in iterations; files: /srv/a, /srv/b by rsync; /mnt by shared; devices: none.',
  'At most 3.0 MiB of files, over a link of 100.0 MiB/s, while it writes 1.0 MiB of its memory in a second: it would take about 12.4 s, and it would stand still for 310 ms of it.',
  'The source, hosta: phaul 0.1.0, kernel 6.12.1, CRIU 4.2.1, runc 1.1.5, zfs of an unknown version, driver zfs 2.0.0; it has memory in iterations, lazy restore, sch_plug, and lacks nothing.',
  'The target, hostb: kernel 6.12.1, CRIU 4.2.1; it has nothing, and lacks memory in iterations, lazy restore.',
]);
test(
  'a rehearsal of revive mode',
  ends,
  {
    ok: true,
    plan: {
      ...plan,
      mode: 'revive',
      files: [],
      preDump: false,
      estimate: { ...measured, writtenPerSecond: null, freezeMs: null },
      hosts: { source: { ...host, criu: null }, target: { ...old, criu: null } },
    },
  },
  [
    'Nothing refuses this migration to hostb.',
    'It would move files: none; devices: none.',
    'At most 3.0 MiB of files, over a link of 100.0 MiB/s: the first copy would take about 12.4 s.',
    'The source, hosta: phaul 0.1.0, kernel 6.12.1, runc 1.1.5, zfs of an unknown version, driver zfs 2.0.0.',
    'The target, hostb: kernel 6.12.1.',
  ],
);
test('a check', ends, { ok: true, here: { criu: '4.2.1', preDump: false, container: null } }, [
  'Nothing here refuses a migration.',
  'CRIU 4.2.1; this kernel does not track written memory: all of it moves in the freeze.',
]);
test(
  'a check for revive mode',
  ends,
  { ok: true, here: { criu: null, preDump: false, container: 'ct101' } },
  ['Nothing here refuses a migration of ct101.'],
);

const error: ErrorReport = {
  code: 'CRIU_DUMP',
  message: 'CRIU could not dump the container.',
  hint: 'Look.',
  sourceState: 'running',
  exitCode: 1,
};
const failed = (part: Partial<ErrorReport>): Outcome => ({
  ok: false,
  error: { ...error, ...part },
});
test('a failure', ends, failed({}), [
  'CRIU_DUMP: CRIU could not dump the container.',
  '  Look.',
  'The container runs on the source as before.',
]);
test(
  'a failure with all there is to say',
  ends,
  failed({
    logLine: 'Error (x)',
    logFile: '/var/log/x',
    host: 'target',
    notUndone: ['a device'],
    sourceState: 'frozen',
  }),
  [
    'CRIU_DUMP: CRIU could not dump the container.',
    '  Error (x)',
    '  Look.',
    '  The whole log: /var/log/x on the target.',
    '  Not undone: a device',
    'The container is held frozen on the source.',
  ],
);
test('a failure that leaves it stopped', ends, failed({ code: 'IN_DOUBT', sourceState: 'stopped' }), [
  'IN_DOUBT: CRIU could not dump the container.',
  '  Look.',
  'The container is stopped on the source.',
]);
const refusal = { code: 'NAME_TAKEN', message: 'Taken.', hint: 'Rename.', host: 'target' } as const;
test(
  'several refusals',
  ends,
  failed({
    refusals: [
      refusal,
      { ...refusal, code: 'NO_SPACE', host: 'source' },
      { ...refusal, code: 'DRIVER_API', message: 'Old.' },
      { ...refusal, code: 'PATH_TAKEN', message: 'There.', hint: 'Move it.' },
    ],
  }),
  [
    'On the source, room:',
    '  NO_SPACE: Taken.',
    '    Rename.',
    'On the target, names and files:',
    '  NAME_TAKEN: Taken.',
    '    Rename.',
    '  PATH_TAKEN: There.',
    '    Move it.',
    'On the target, drivers and settings:',
    '  DRIVER_API: Old.',
    '    Rename.',
    'The container runs on the source as before.',
  ],
);
