// Recorded runs played to a pseudo-terminal: what people see there.
import test from 'ava';
import { atMarks } from './marks.ts';
import { show } from './screens.ts';

const title = (name: string, elapsed: string, columns = 79): string =>
  name + elapsed.padStart(columns - name.length);
const iterations = 'iterations █▃▁▁▁▁▁▁ … → 498 → 353 → 345 → 318 pages; a freeze now: 1169 ms';
const narrowIterations = 'iterations █▃▁▁▁▁▁▁ … → 318 pages; a f…';

test('one picture follows the whole migration, and makes room for the summary', async (t) => {
  const { after } = await show({ run: 'live-with-iterations', columns: 80 });
  t.deepEqual(after('start'), [title('20010 → b (live)', '0.1 s')]);
  t.deepEqual(after('progress', 3), [
    title('20010 → b (live)', '30.5 s'),
    'preflight prepare [iterate 0.8 s] freeze transfer restore commit release fill',
    'iteration 1 ━─────── 1277 pages (4.0 MiB), ~13629 to go (53.2 MiB), 7.6 MiB/s',
  ]);
  t.deepEqual(after('iteration', 2), [
    title('20010 → b (live)', '51.1 s'),
    'preflight prepare [iterate 21.4 s] freeze transfer restore commit release fill',
    'iterations █▃ 13337 → 4570 pages; a freeze now: 2377 ms',
  ]);
  t.deepEqual(after('frozen'), [
    title('20010 → b (live)', '62.3 s'),
    'preflight prepare iterate [freeze 1.4 s] transfer restore commit release fill',
    'the rest ━━━━━━── 595 pages (1.5 MiB), ~266 to go (1.0 MiB), 1.6 MiB/s',
    iterations,
    'no more iterations: 8 is the limit of iterations',
    'standing still for 0 ms',
  ]);
  t.regex(after('act-end', 4).at(-1) ?? '', /^standing still for [1-9]\d* ms$/);
  t.deepEqual(after('filling'), [
    title('20010 → b (live)', '68.8 s'),
    'preflight prepare iterate freeze transfer restore commit release [fill 0.5 s]',
    iterations,
    'no more iterations: 8 is the limit of iterations',
    'runs on the target, after 4776 ms',
    'behind it ━━━━──── 6461 of 13216 pages in place',
  ]);
  t.deepEqual(after('end'), [
    '20010 runs on b (pid 20010 there). It stood still for 4776 ms (expected: 1169 ms',
    ').',
    'Moved: 22249 pages (86.9 MiB), 4.9 KiB of images, 0 B of files.',
    'Iterations: █▃▁▁▁▁▁▁ 13337, 4570, 1475, 758, 498, 353, 345, 318 pages; 8 is the ',
    'limit of iterations.',
    'Put in place behind it: 13216 pages, 32 of which a task had to wait for.',
    'Files: none.',
    'Time: 72.0 s (preflight 28.3 s, prepare 1165 ms, iterate 31.2 s, freeze 1465 ms,',
    ' transfer 74 ms, restore 2701 ms, commit 661 ms, release 2110 ms, fill 1811 ms).',
  ]);
});

test('revive mode has its own acts, and counts how long it is stopped', async (t) => {
  const { after } = await show({ run: 'revive', columns: 80 });
  t.deepEqual(after('stopped'), [
    title('ct101 → a (revive)', '1.2 s'),
    'preflight prepare iterate [freeze 0.1 s] transfer restore commit release',
    'iterations · 0 B',
    'no more iterations: the last iteration moved only 0 B',
    'stopped for 0 ms',
  ]);
  t.is(after('end')[1], 'On the source: it ended after SIGTERM within 111 ms.');
});

test('a narrow terminal has each line in one row, and a summary of twelve', async (t) => {
  const { after } = await show({ run: 'live-with-iterations', columns: 40 });
  t.deepEqual(after('frozen'), [
    title('20010 → b (live)', '62.3 s', 39),
    'act 4 of 9: freeze 1.4 s',
    'the rest 595 pages, ~266 to go',
    narrowIterations,
    'no more iterations: 8 is the limit of …',
    'standing still for 0 ms',
  ]);
  t.is(after('end').length, 11, 'the time of each act would make it sixteen');
});

test('a terminal of four rows shows what matters most, and nothing scrolls away', async (t) => {
  const { after } = await show({ run: 'live-with-iterations', columns: 60, rows: 4 });
  t.deepEqual(after('frozen'), [
    title('20010 → b (live)', '62.3 s', 59),
    'act 4 of 9: freeze 1.4 s',
    'standing still for 0 ms',
  ]);
  t.is(after('filling').length, 3);
});

test('a resize leaves nothing behind', async (t) => {
  const { after } = await show({
    run: 'live-with-iterations',
    columns: 80,
    resizes: { frozen: [40, 24], running: [100, 10] },
  });
  t.deepEqual(after('redrawn', 1), [
    title('20010 → b (live)', '62.4 s', 39),
    'act 4 of 9: freeze 1.4 s',
    'the rest 595 pages, ~266 to go',
    narrowIterations,
    'no more iterations: 8 is the limit of …',
    'standing still for 12 ms',
  ]);
  t.deepEqual(after('redrawn', 2), [
    title('20010 → b (live)', '66.0 s', 99),
    'preflight prepare iterate freeze transfer restore [commit 0.7 s] release fill',
    'iterations █▃▁▁▁▁▁▁ 13337 → 4570 → 1475 → 758 → 498 → 353 → 345 → 318 pages; a freeze now: 1169 ms',
    'no more iterations: 8 is the limit of iterations',
    'runs on the target, after 4776 ms',
  ]);
});

test('with -v what happens stays above the picture', async (t) => {
  const { after } = await show({ run: 'revive', columns: 80, options: { verbose: true } });
  t.deepEqual(after('decision').slice(-8), [
    'prepare 258 ms',
    'iterate …',
    'iteration 1: 0 B of changed files, 15 ms',
    'the last iteration moved only 0 B',
    title('ct101 → a (revive)', '1.1 s'),
    'preflight prepare [iterate 0.0 s] freeze transfer restore commit release',
    'iterations · 0 B',
    'no more iterations: the last iteration moved only 0 B',
  ]);
});

test('with -q there is nothing to see of what succeeds, and only the error of what does not', async (t) => {
  const quiet = { columns: 100, options: { quiet: true } };
  t.deepEqual((await show({ ...quiet, run: 'live' })).after('end'), []);
  t.deepEqual((await show({ ...quiet, run: 'unknown' })).after('end'), [
    'CONTAINER_UNKNOWN: No container ct999 on this host (asked: runc, pid).',
    '  List the containers with their own tool (for instance runc list), or say --type.',
  ]);
});

test('a refusal is all that stays of a picture', async (t) => {
  const { after } = await show({ run: 'refused', columns: 80 });
  t.deepEqual(after('end').slice(0, 2), [
    'On the target, names and files:',
    '  NAME_TAKEN: runc already has a container ct101.',
  ]);
  t.is(after('end').at(-1), 'The container runs on the source as before.');
});

const escape = '\u001b';
const written = (stream: string): string =>
  atMarks(stream)
    .map(({ text }) => text)
    .join('');

test('colours are there unless NO_COLOR is', async (t) => {
  const colours = new RegExp(`${escape}\\[\\d+m`);
  t.regex((await show({ run: 'live', columns: 80 })).stream, colours);
  const { stream, after } = await show({ run: 'live', columns: 80, env: { NO_COLOR: '1' } });
  t.notRegex(stream, colours);
  t.is(after('frozen').at(-1), 'standing still for 0 ms', 'the picture is');
});

test('a dumb terminal gets lines, and so does one that gets JSON too', async (t) => {
  const dumb = await show({ run: 'live', columns: 80, env: { TERM: 'dumb' } });
  t.false(written(dumb.stream).includes(escape));
  t.is(dumb.after('end')[0], 'ct101 → b (live)');
  const both = await show({ run: 'live', columns: 200, options: { json: true } });
  t.false(written(both.stream).includes(escape));
  t.is(both.after('start').filter((line) => line.startsWith('{"type":"start"')).length, 1);
});
