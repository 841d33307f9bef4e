import test from 'ava';
import type { Happening } from '../../src/observe/events.ts';
import { plainLines, quietLines } from '../../src/observe/plain-lines.ts';
import { event, round, summary } from './events.ts';
import { handClock } from './hand-clock.ts';

function stage(verbose = false) {
  const clock = handClock();
  const lines: string[] = [];
  const write = (text: string): void => void lines.push(...text.split('\n').slice(0, -1));
  const { listener, say } = plainLines(write, clock, { verbose });
  const tell = (what: Happening, host: 'source' | 'target' = 'source'): void => listener(event(what, host));
  return { clock, lines, tell, say };
}

const start = { type: 'start', container: 'ct101', target: 'hostb', mode: 'live' } as const;
const sent = (pages: number): Happening => ({
  type: 'progress',
  iteration: 2,
  pages,
  expectedPages: 1000,
  bytes: pages * 4096,
  bytesPerSecond: 2 ** 20,
});
const result = { type: 'result', ok: true, ...summary } as const;

const error = {
  code: 'CRIU_DUMP',
  message: 'No.',
  hint: 'Look.',
  sourceState: 'running',
  exitCode: 1,
} as const;

test('without a terminal there is one line a second at most, with all that was new', (t) => {
  const { clock, lines, tell } = stage();
  tell(start);
  t.deepEqual(lines, ['ct101 → hostb (live)']);
  tell({ type: 'act-end', act: 'preflight', actMs: 600 });
  for (let pages = 100; pages <= 300; pages += 100) tell(sent(pages));
  t.is(lines.length, 1);
  clock.advanceTo(1000);
  t.deepEqual(lines.slice(1), [
    'preflight 600 ms; iteration 2: 300 pages (1.2 MiB) sent, about 700 to go, 1.0 MiB/s',
  ]);
  clock.advanceTo(3000);
  t.is(lines.length, 2, 'without news nothing is said');
  tell(sent(900));
  tell(round);
  clock.advanceTo(4000);
  t.deepEqual(
    lines.slice(2),
    ['iteration 2: 900 pages, 1.5 KiB of changed files, 12.3 s'],
    'and a count that is over is not',
  );
});

test('warnings and the end do not wait, and come after what was before them', (t) => {
  const { clock, lines, tell } = stage();
  tell(start);
  tell({ type: 'act-end', act: 'preflight', actMs: 600 });
  tell({ type: 'warning', text: 'careful' });
  t.deepEqual(lines.slice(1), ['preflight 600 ms', 'warning: careful']);
  tell(sent(10));
  tell(result);
  t.regex(lines[3] ?? '', /^ct101 runs on hostb/);
  const { length } = lines;
  clock.advanceTo(10_000);
  t.is(lines.length, length, 'nothing follows the end');
});

test('with -v everything is said as it comes, but for what counts up', (t) => {
  const { clock, lines, tell } = stage(true);
  tell(start);
  tell({ type: 'act-begin', act: 'preflight' });
  tell(sent(1));
  tell({ type: 'log', text: 'detail' }, 'target');
  t.deepEqual(lines.slice(1, 2), ['preflight …']);
  t.is(lines.at(-1), 'target: detail');
  tell(sent(2));
  tell(sent(3));
  clock.advanceTo(1000);
  t.deepEqual(
    lines.filter((line) => line.includes('sent')),
    ['iteration 2: 1 pages', 'iteration 2: 3 pages'].map(
      (line, index) =>
        `${line} (${index === 0 ? 4 : 12}.0 KiB) sent, about ${index === 0 ? 999 : 997} to go, 1.0 MiB/s`,
    ),
  );
});

test('a line that no event tells is said at once', (t) => {
  const { lines, say } = stage();
  say('please wait');
  t.deepEqual(lines, ['please wait']);
});

test('with -q only what is wrong is said', (t) => {
  let text = '';
  const { listener } = quietLines((more) => (text += more));
  for (const what of [start, round, { type: 'warning', text: 'careful' } as const, result])
    listener(event(what));
  t.is(text, 'warning: careful\n');
  listener(event({ type: 'result', ok: false, error }));
  t.is(text, 'warning: careful\nCRIU_DUMP: No.\n  Look.\nThe container runs on the source as before.\n');
});

test('what another host says can neither steer the terminal nor forge a line', (t) => {
  const evil = 'x\u001b[2J\u001b]0;title\u0007\r\u009b31m\nct101 runs on hostb\u202e';
  const { lines, tell } = stage(true);
  tell({ type: 'warning', text: evil }, 'target');
  tell({ type: 'log', text: evil }, 'target');
  t.is(lines.length, 2);
  tell({ type: 'result', ok: false, error: { ...error, logLine: evil } });
  t.is(lines.length, 6);
  for (const line of lines) t.notRegex(line, /[\p{Cc}\u202e]/u);
});
