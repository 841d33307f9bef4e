import test from 'ava';
import { emitter } from '../../src/observe/emitter.ts';
import type { ErrorReport, Happening, PhaulEvent, PlanReport } from '../../src/observe/events.ts';
import { jsonLines } from '../../src/observe/json-lines.ts';
import { progressLines } from '../../src/observe/progress.ts';
import { event, summary } from './events.ts';
import { validEvent } from './whole-run.ts';

function lines(what: Happening, verbose = false, host: 'source' | 'target' = 'source'): string[] {
  let text = '';
  progressLines((line) => (text += line), { verbose })(event(what, host));
  return text.split('\n').slice(0, -1);
}
const progress = test.macro<[Happening, string[], boolean?]>({
  exec: (t, what, expected, verbose = false) => t.deepEqual(lines(what, verbose), expected),
  title: (what) => `${what} as people see it`,
});
const round = {
  type: 'iteration',
  number: 2,
  pages: 900,
  skippedPages: 1,
  fsBytes: 2048,
  changedBytes: 1536,
  files: 2,
  roundMs: 12_345,
  dumpMs: 9000,
  filesMs: 300,
  predictedFreezeMs: null,
} as const;
test('the start', progress, { type: 'start', container: 'ct101', target: 'hostb', mode: 'live' }, [
  'ct101 → hostb (live)',
]);
test('the beginning of an act', progress, { type: 'act-begin', act: 'freeze' }, []);
test('the beginning of an act with -v', progress, { type: 'act-begin', act: 'freeze' }, ['  freeze …'], true);
test('the end of an act', progress, { type: 'act-end', act: 'preflight', actMs: 99.6 }, [
  '  preflight 100 ms',
]);
test('an iteration', progress, round, ['    iteration 2: 900 pages, 1.5 KiB of changed files, 12.3 s']);
test(
  'an iteration of files alone',
  progress,
  { ...round, number: 1, pages: 0, changedBytes: 0, roundMs: 80 },
  ['    iteration 1: 0 B of changed files, 80 ms'],
);
test(
  'the choice of fs drivers',
  progress,
  {
    type: 'files',
    files: [
      { driver: 'rsync', trees: ['/srv/a', '/srv/b'], reason: 'nothing quicker suits both hosts' },
      { driver: 'shared', trees: ['/mnt'], reason: 'both hosts see the same files there' },
    ],
  },
  [
    '    rsync for /srv/a, /srv/b: nothing quicker suits both hosts',
    '    shared for /mnt: both hosts see the same files there',
  ],
);
test('a decision', progress, { type: 'decision', reason: 'enough' }, ['    enough']);
test('the freeze', progress, { type: 'frozen' }, []);
test('the freeze with -v', progress, { type: 'frozen' }, ['    the container stands still'], true);
test('the end of the freeze', progress, { type: 'running', freezeMs: 153.4 }, [
  '    it runs on the target, after standing still for 153 ms',
]);
test('a stop', progress, { type: 'stopped', signal: 'SIGQUIT', killed: false, stopMs: 230 }, [
  '    it ended after SIGQUIT within 230 ms',
]);
test('a kill', progress, { type: 'stopped', signal: 'SIGTERM', killed: true, stopMs: 10_040 }, [
  '    it did not end after SIGTERM and was killed after 10.0 s',
]);
test('a container that is left stopped', progress, { type: 'left-stopped' }, [
  '    it is complete on the target, and stopped',
]);
test('a warning', progress, { type: 'warning', text: 'careful' }, ['    warning: careful']);
test('a log line', progress, { type: 'log', text: 'detail' }, []);
test('a log line with -v', progress, { type: 'log', text: 'detail' }, ['    source: detail'], true);
test('an undoing', progress, { type: 'undo', name: 'It failed.' }, ['  undoing: It failed.']);
test('success', progress, { type: 'result', ok: true, ...summary }, [
  'ct101 runs on hostb (pid 4711 there). It stood still for 153 ms.',
  'Moved: 2048 pages (8.0 MiB), 293.0 KiB of images, 12 B of files.',
]);
const revived = {
  ...summary,
  mode: 'revive',
  pages: 0,
  stop: { signal: 'SIGTERM', killed: false, stopMs: 230 },
  freezeMs: 512,
  iterations: [
    { ...round, pages: 0, fsBytes: 4096 },
    { ...round, pages: 0, fsBytes: 1024 },
  ],
  bytes: { mem: 0, images: 0, fs: 2 ** 20 + 5632, firstCopy: 2 ** 20, lastSync: 512 },
} as const;
test('success in revive mode', progress, { type: 'result', ok: true, ...revived }, [
  'ct101 runs on hostb (pid 4711 there). From its end here to its start there: 512 ms.',
  'On the source: it ended after SIGTERM within 230 ms.',
  'Moved: 1.0 MiB of files (first copy 1.0 MiB; iterations 4.0 KiB, 1.0 KiB; while it was stopped 512 B).',
]);
test(
  'success without a start',
  progress,
  { type: 'result', ok: true, ...revived, pid: null, startWith: 'runc start ct101', iterations: [] },
  [
    'ct101 is complete on hostb and stopped there. Start it there with: runc start ct101',
    'On the source: it ended after SIGTERM within 230 ms.',
    'Moved: 1.0 MiB of files (first copy 1.0 MiB; iterations none; while it was stopped 512 B).',
  ],
);
const plan: PlanReport = {
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
test('a rehearsal', progress, { type: 'result', ok: true, plan }, [
  'Nothing refuses this migration to hostb.',
  'It would move 0 B of memory, in iterations; files: /srv/a, /srv/b by rsync; /mnt by shared; devices: none.',
]);
test(
  'a rehearsal of revive mode',
  progress,
  { type: 'result', ok: true, plan: { ...plan, mode: 'revive', files: [], preDump: false } },
  ['Nothing refuses this migration to hostb.', 'It would move files: none; devices: none.'],
);
test(
  'a check',
  progress,
  { type: 'result', ok: true, here: { criu: '4.2.1', preDump: false, container: null } },
  [
    'Nothing here refuses a migration.',
    'CRIU 4.2.1; this kernel does not track written memory: all of it moves in the freeze.',
  ],
);
test(
  'a check for revive mode',
  progress,
  { type: 'result', ok: true, here: { criu: null, preDump: false, container: 'ct101' } },
  ['Nothing here refuses a migration of ct101.'],
);

const error: ErrorReport = {
  code: 'CRIU_DUMP',
  message: 'CRIU could not dump the container.',
  hint: 'Look.',
  sourceState: 'running',
  exitCode: 1,
};
const failed = (part: Partial<ErrorReport>): Happening => ({
  type: 'result',
  ok: false,
  error: { ...error, ...part },
});
test('a failure', progress, failed({}), [
  'CRIU_DUMP: CRIU could not dump the container.',
  '  Look.',
  'The container runs on the source as before.',
]);
test(
  'a failure with all there is to say',
  progress,
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
test('a failure that leaves it stopped', progress, failed({ code: 'IN_DOUBT', sourceState: 'stopped' }), [
  'IN_DOUBT: CRIU could not dump the container.',
  '  Look.',
  'The container is stopped on the source.',
]);
const refusal = { code: 'NAME_TAKEN', message: 'Taken.', hint: 'Rename.', host: 'target' } as const;
test(
  'several refusals',
  progress,
  failed({ refusals: [refusal, { ...refusal, code: 'NO_SPACE', host: 'source' }] }),
  [
    'NAME_TAKEN (target): Taken.',
    '  Rename.',
    'NO_SPACE (source): Taken.',
    '  Rename.',
    'The container runs on the source as before.',
  ],
);

test('what another host says can neither steer the terminal nor forge a line', (t) => {
  const evil = 'x\u001b[2J\u001b]0;title\u0007\r\u009b31m\nct101 runs on hostb';
  for (const what of [
    { type: 'warning', text: evil },
    { type: 'log', text: evil },
    failed({ logLine: evil }),
  ] as const)
    for (const line of lines(what, true, 'target')) t.notRegex(line, /\p{Cc}/u);
  t.is(lines({ type: 'warning', text: evil }).length, 1);
});

test('every event is one line of JSON that says all', (t) => {
  const written: string[] = [];
  const listener = jsonLines((line) => written.push(line));
  const events = [
    event(round),
    event({ type: 'log', text: 'two\nlines \u2028' }, 'target'),
    event(failed({})),
  ];
  for (const each of events) listener(each);
  t.is(written.length, 3);
  for (const line of written) t.regex(line, /^\{[^\n]*\}\n$/);
  t.deepEqual(
    written.map((line) => JSON.parse(line) as PhaulEvent),
    events,
  );
});

test('every listener gets every event, stamped with who, when and where', (t) => {
  const [one, two]: PhaulEvent[][] = [[], []];
  const emit = emitter('aaaaaaaa', [(each) => one?.push(each), (each) => two?.push(each)]);
  emit({ type: 'start', container: 'ct101', target: 'hostb', mode: 'live' });
  emit({ type: 'act-begin', act: 'commit' });
  emit({ type: 'running', freezeMs: 1 }, 'target');
  t.deepEqual(one, two);
  t.like(one?.[0], { version: 1, type: 'start', migration: 'aaaaaaaa', host: 'source', act: null });
  t.like(one?.[2], { host: 'target', act: 'commit' });
  for (const each of one ?? []) t.notThrows(() => validEvent(JSON.stringify(each)));
  t.regex(one?.[0]?.time ?? '', /^\d{4}-\d\d-\d\dT.*Z$/);
  t.true((one?.[1]?.ms ?? -1) >= (one?.[0]?.ms ?? 0));
});
