import test from 'ava';
import type { Happening } from '../../src/observe/events.ts';
import { amountInWords, inWords } from '../../src/observe/happenings.ts';
import { event, round } from './events.ts';

const words = test.macro<[Happening, string[], boolean?]>({
  exec: (t, what, expected, verbose = false) => t.deepEqual(inWords(event(what), { verbose }), expected),
  title: (what) => `${what} in words`,
});
test('the start', words, { type: 'start', container: 'ct101', target: 'hostb', mode: 'live' }, [
  'ct101 → hostb (live)',
]);
test('the beginning of an act', words, { type: 'act-begin', act: 'freeze' }, []);
test('the beginning of an act with -v', words, { type: 'act-begin', act: 'freeze' }, ['freeze …'], true);
test('the end of an act', words, { type: 'act-end', act: 'preflight', actMs: 99.6 }, ['preflight 100 ms']);
test('an iteration', words, round, ['iteration 2: 900 pages, 1.5 KiB of changed files, 12.3 s']);
test('an iteration of files alone', words, { ...round, number: 1, pages: 0, changedBytes: 0, roundMs: 80 }, [
  'iteration 1: 0 B of changed files, 80 ms',
]);
const features = { memTrack: true, lazyPages: true, plug: null } as const;
const hosts = {
  type: 'hosts',
  source: { name: 'hosta', phaul: '0.1.0', criu: '4.2.1', kernel: '6.12.1', ...features },
  target: { name: 'hostb', phaul: '0.2.0', criu: null, kernel: '6.18.0', ...features },
} as const;
test('what the hosts run', words, hosts, []);
test(
  'what the hosts run, with -v',
  words,
  hosts,
  ['hosta: phaul 0.1.0, CRIU 4.2.1, Linux 6.12.1', 'hostb: phaul 0.2.0, Linux 6.18.0'],
  true,
);
test(
  'the choice of fs drivers',
  words,
  {
    type: 'files',
    files: [
      { driver: 'rsync', trees: ['/srv/a', '/srv/b'], reason: 'nothing quicker suits both hosts' },
      { driver: 'shared', trees: ['/mnt'], reason: 'both hosts see the same files there' },
    ],
  },
  [
    'rsync for /srv/a, /srv/b: nothing quicker suits both hosts',
    'shared for /mnt: both hosts see the same files there',
  ],
);
test('a decision', words, { type: 'decision', reason: 'enough' }, ['enough']);
test('the freeze', words, { type: 'frozen' }, []);
test('the freeze with -v', words, { type: 'frozen' }, ['the container stands still'], true);
test('the end of the freeze', words, { type: 'running', freezeMs: 153.4 }, [
  'it runs on the target, after standing still for 153 ms',
]);
test('a stop', words, { type: 'stopped', signal: 'SIGQUIT', killed: false, stopMs: 230 }, [
  'it ended after SIGQUIT within 230 ms',
]);
test('a kill', words, { type: 'stopped', signal: 'SIGTERM', killed: true, stopMs: 10_040 }, [
  'it did not end after SIGTERM and was killed after 10.0 s',
]);
test('a container that is left stopped', words, { type: 'left-stopped' }, [
  'it is complete on the target, and stopped',
]);
test('a warning', words, { type: 'warning', text: 'careful' }, ['warning: careful']);
test('a log line', words, { type: 'log', text: 'detail' }, []);
test('a log line with -v', words, { type: 'log', text: 'detail' }, ['source: detail'], true);
test('an undoing', words, { type: 'undo', name: 'It failed.' }, ['undoing: It failed.']);

test('a count is given in words of its own, and not as something that happened', (t) => {
  const progress = event({
    type: 'progress',
    iteration: 2,
    pages: 512,
    expectedPages: 1000,
    bytes: 2 ** 21,
    bytesPerSecond: 3 * 2 ** 20,
  });
  t.deepEqual(inWords(progress, { verbose: true }), []);
  t.is(amountInWords(progress), 'iteration 2: 512 pages (2.0 MiB) sent, about 488 to go, 3.0 MiB/s');
  t.is(
    amountInWords({ ...progress, expectedPages: null } as typeof progress),
    'iteration 2: 512 pages (2.0 MiB) sent, 3.0 MiB/s',
  );
  t.is(amountInWords(event({ type: 'filling', total: 10, placed: 3 })), '3 of 10 pages in place');
});
