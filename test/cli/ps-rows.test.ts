import test from 'ava';
import { rowOfPast, rowOfStory, table } from '../../src/cli/ps-rows.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import type { End } from '../../src/history/end.ts';
import type { Past } from '../../src/history/past.ts';
import { type Outcome, outcomeOf } from '../../src/history/outcome.ts';
import type { Story } from '../../src/journal/story.ts';
import type { ResultEvent } from '../../src/observe/events.ts';
import { event, summary } from '../observe/events.ts';

const end: End = {
  format: 1,
  migration: 'aaaaaaaa-1',
  role: 'source',
  htype: 'runc',
  container: 'ct101',
  mode: 'live',
  peer: 'hostb',
  since: '2026-01-02T03:04:05.000Z',
  until: '2026-01-02T03:04:17.000Z',
  moved: true,
  lost: null,
};
const worked = event({ type: 'result', ok: true, ...summary }) as ResultEvent;

function failed(code: ErrorCode, exitCode: number): ResultEvent {
  const error = { code, message: 'No.', hint: 'Do.', sourceState: 'running', exitCode } as const;
  return event({ type: 'result', ok: false, error }) as ResultEvent;
}

const comes = test.macro({
  exec: (t, past: Partial<End> & { result?: ResultEvent | null }, outcome: Outcome) => {
    const { result = null, ...its } = past;
    t.is(outcomeOf({ end: { ...end, moved: false, ...its }, result }), outcome);
  },
  title: (title = '') => `what came of it: ${title}`,
});

test('it worked', comes, { moved: true, result: worked }, 'moved');
test('the target knows only its journal', comes, { role: 'target', moved: true }, 'moved');
test('Ctrl-C', comes, { result: failed('CANCELLED', 130) }, 'cancelled');
test('SIGTERM', comes, { result: failed('TERMINATED', 143) }, 'cancelled');
test('preflight refused', comes, { result: failed('NAME_TAKEN', 3) }, 'refused');
test('the target could not be reached', comes, { result: failed('TARGET_UNREACHABLE', 4) }, 'refused');
test('a failure', comes, { result: failed('CRIU_DUMP', 1) }, 'failed');
test('phaul was killed before the commit', comes, {}, 'undone');
test('in doubt, and then it came back', comes, { result: failed('IN_DOUBT', 5) }, 'undone');
test('in doubt, and then it had moved', comes, { moved: true, result: failed('IN_DOUBT', 5) }, 'moved');
test('moved, with remains', comes, { moved: true, result: failed('RELEASE_FAILED', 5) }, 'moved');
test('killed on the target', comes, { role: 'target', moved: true, lost: 'It was killed.' }, 'lost');
test(
  'killed on the target, seen from the source',
  comes,
  { moved: true, result: failed('FILL_FAILED', 5) },
  'lost',
);

const story: Story = {
  ...end,
  format: 1,
  phaul: '0.1.0',
  boot: 'b',
  state: 'open',
  act: 'iterate',
  wills: [],
  tree: null,
  files: [],
  landing: null,
  filled: null,
};
const now = new Date('2026-01-02T03:05:05.000Z');

test('of one under way the act is told, and since when', (t) => {
  t.like(rowOfStory(story, true, now), { state: 'running', act: 'iterate', ms: 60_000, until: null });
  t.like(rowOfStory({ ...story, act: null }, true, now), { act: 'preflight' });
  t.like(rowOfStory({ ...story, role: 'target', act: null }, true, now), { state: 'running', act: null });
});

test('one whose phaul has died waits', (t) => {
  t.like(rowOfStory(story, false, now), { state: 'waiting', act: null });
});

test('people read a table', (t) => {
  const past: Past = { end, result: worked };
  const bad: Past = {
    end: { ...end, migration: 'bbbbbbbb-2', container: 'evil\u001b[2J', role: 'target', moved: false },
    result: failed('CRIU_DUMP', 1),
  };
  t.deepEqual(table([rowOfStory(story, true, now), rowOfPast(past), rowOfPast(bad)]), [
    'CONTAINER  PEER        MODE  STATE               BEGAN (UTC)          TOOK    STOOD STILL  ID',
    'ct101      to hostb    live  running (iterate)   2026-01-02 03:04:05  60.0 s  -            aaaaaaaa-1',
    'ct101      to hostb    live  moved               2026-01-02 03:04:05  12.0 s  153 ms       aaaaaaaa-1',
    'evil [2J   from hostb  live  failed (CRIU_DUMP)  2026-01-02 03:04:05  12.0 s  -            bbbbbbbb-2',
  ]);
});
