import { type Act, acts } from '../../acts.ts';
import { sized } from '../amounts.ts';
import type { Course } from '../course.ts';
import { plainText } from '../plain-text.ts';
import { amountsOf } from '../spark.ts';
import { clip, type Line, type Span, span, widthOf } from './spans.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const pageBytes = 4096;

/** A migration at one instant, in no more columns and rows than there are. @param now as the events' `ms` */
export function picture(course: Course, now: number, { columns, rows }: Size): Line[] {
  // In the order of the screen; the number says what to leave out first where there is no room.
  const all: [number, Line | null][] = [
    [1, title(course, now, columns)],
    [3, actsLine(course, now, columns)],
    [4, memoryLine(course, columns)],
    [4, copyLine(course, columns)],
    [5, iterationsLine(course, columns)],
    [6, reasonLine(course)],
    [2, stillLine(course, now)],
    [4, fillLine(course, columns)],
    [0, course.undoing === null ? null : [span(`undoing: ${plainText(course.undoing)}`, 'bad')]],
  ];
  const shown = all.filter((each): each is [number, Line] => each[1] !== null);
  while (shown.length > Math.max(rows, 1))
    shown.splice(shown.indexOf(shown.reduce((most, each) => (each[0] > most[0] ? each : most))), 1);
  return shown.map(([, line]) => clip(line, columns));
}

function title({ container, target, mode }: Course, now: number, columns: number): Line {
  const left = span(plainText(`${container} → ${target} (${mode})`), 'bold');
  const right = span(seconds(now), 'dim');
  const gap = columns - widthOf([left, right]);
  return gap < 1 ? [left] : [left, span(' '.repeat(gap)), right];
}

function actsLine({ act, actSince, mode }: Course, now: number, columns: number): Line | null {
  if (act === null) return null;
  const known = acts.filter((name) => mode === 'live' || name !== 'fill');
  const at = known.indexOf(act);
  const took = seconds(now - actSince);
  const marked = (name: Act, index: number): Span =>
    index === at ? span(`[${name} ${took}]`, 'bold') : index < at ? span(name, 'good') : span(name, 'dim');
  const long = known.flatMap((name, index) => [marked(name, index), span(' ')]).slice(0, -1);
  if (widthOf(long) <= columns) return long;
  return [span(`act ${at + 1} of ${known.length}: `, 'dim'), span(`${act} ${took}`, 'bold')];
}

/** Memory of the round under way. */
function memoryLine({ round, stillSince }: Course, columns: number): Line | null {
  if (!round) return null;
  const { iteration, pages, expectedPages, bytes, bytesPerSecond } = round;
  const head = span(stillSince === null ? `iteration ${iteration} ` : 'the rest ', 'dim');
  const left = Math.max((expectedPages ?? 0) - pages, 0);
  const sent = `${pages} pages (${sized(bytes)})`;
  const toGo = left === 0 ? '' : `, ~${left} to go (${sized(left * pageBytes)})`;
  const rate = `, ${sized(bytesPerSecond)}/s`;
  const share = expectedPages === null ? [] : bar(pages / Math.max(expectedPages, pages, 1));
  return widest(columns, [
    [head, ...share, span(`${sent}${toGo}`), span(rate, 'dim')],
    [head, span(`${sent}${toGo}`), span(rate, 'dim')],
    [head, span(`${pages} pages${left === 0 ? '' : `, ~${left} to go`}`)],
  ]);
}

/** Files of the copy under way. */
function copyLine({ copying }: Course, columns: number): Line | null {
  if (!copying) return null;
  const [head, words] = [span('files ', 'dim'), span(`${sized(copying.bytes)} copied`)];
  return widest(columns, [
    [head, words, span(`, ${sized(copying.bytesPerSecond)}/s`, 'dim')],
    [head, words],
  ]);
}

function fillLine({ filling }: Course, columns: number): Line | null {
  if (!filling) return null;
  const { placed, total } = filling;
  const [head, words] = [span('behind it ', 'dim'), span(`${placed} of ${total} pages in place`)];
  return widest(columns, [
    [head, ...bar(placed / Math.max(total, 1)), words],
    [head, words],
  ]);
}

const barColumns = 8;

function bar(share: number): Line {
  const full = Math.round(share * barColumns);
  return [span('━'.repeat(full), 'cold'), span('─'.repeat(barColumns - full), 'dim'), span(' ')];
}

/** The first that there is room for, or the last. */
function widest(columns: number, lines: readonly [Line, ...Line[]]): Line {
  return lines.find((line) => widthOf(line) <= columns) ?? lines.at(-1) ?? lines[0];
}

/** What each iteration moved: how much is still being written. */
function iterationsLine({ iterations, mode }: Course, columns: number): Line | null {
  const last = iterations.at(-1);
  if (!last) return null;
  const { bars, words } = amountsOf(iterations, mode);
  const unit = mode === 'live' ? ' pages' : '';
  const expected = last.predictedFreezeMs;
  const tail = expected === null ? [] : [span(`; a freeze now: ${Math.round(expected)} ms`, 'bold')];
  const line = (from: number): Line => [
    span('iterations ', 'dim'),
    span(bars, 'cold'),
    span(` ${from > 0 ? '… → ' : ''}${words.slice(from).join(' → ')}${unit}`),
    ...tail,
  ];
  let from = 0;
  while (from < words.length - 1 && widthOf(line(from)) > columns) from++;
  return line(from);
}

function reasonLine({ reason, iterations }: Course): Line | null {
  if (reason === null) return null;
  const words = span(plainText(reason));
  return iterations.length === 0 ? [words] : [span('no more iterations: ', 'dim'), words];
}

function stillLine({ stillSince, freezeMs, mode }: Course, now: number): Line | null {
  const what = mode === 'live' ? 'still' : 'stopped';
  if (stillSince !== null)
    return [
      span(`${mode === 'live' ? 'standing ' : ''}${what} for `),
      span(`${Math.round(now - stillSince)} ms`, 'bold'),
    ];
  if (freezeMs === null) return null;
  return [span('runs on the target, after '), span(`${Math.round(freezeMs)} ms`, 'bold')];
}

function seconds(ms: number): string {
  return `${(Math.max(ms, 0) / 1000).toFixed(1)} s`;
}
