import { below, damaged, pick } from '../fuzz/damage.ts';
import type { Random } from '../fuzz/fuzz.ts';
import type { Recording } from './recordings.ts';

/** JSON that stands where something else should. */
const odd: readonly string[] = [
  'null',
  'true',
  '{}',
  '[]',
  '""',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e999',
  '1e-7',
  '99999999999999999999',
  '"\\u0000"',
  '"\\ud800"',
  '"../../etc"',
  '"/"',
  '"constructor"',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '[[[[[[[[[[[[[[]]]]]]]]]]]]]]',
  '"INTERNAL"',
  '"abort"',
  '"finish"',
];
const oddKeys: readonly string[] = [
  '__proto__',
  'constructor',
  'id',
  'params',
  'result',
  'error',
  'notice',
  '',
];

const values = /"(?:[^"\\]|\\.)*"(?=[,}\]])|-?\d[\d.eE+-]*|true|false|null|\{\}|\[\]/g;
const keys = /"(?:[^"\\]|\\.)*"(?=:)/g;

/** Replaces one of the places where the pattern matches. */
function replaceOne(random: Random, text: string, pattern: RegExp, by: string): string {
  const places = [...text.matchAll(pattern)];
  if (places.length === 0) return text;
  const { index, 0: old } = pick(random, places);
  return text.slice(0, index) + by + text.slice(index + old.length);
}

/** Large ones are rare: they cost a thousand times as much. */
function large(random: Random): string {
  const size = random() < 0.1 ? 2 ** 20 : 70_000;
  return pick(random, [
    JSON.stringify('x'.repeat(size)),
    '['.repeat(size) + ']'.repeat(size),
    `[${'0,'.repeat(size)}0]`,
  ]);
}

/** A frame whose parts are not what they were, still JSON. */
function otherwise(random: Random, line: string): string {
  const how = random();
  if (how < 0.5) return replaceOne(random, line, values, pick(random, odd));
  if (how < 0.7) return replaceOne(random, line, keys, JSON.stringify(pick(random, oddKeys)));
  if (how < 0.85) return line.replace('{', `{${JSON.stringify(pick(random, oddKeys))}:${pick(random, odd)},`);
  if (how < 0.9) return pick(random, odd);
  return how < 0.92 ? replaceOne(random, line, values, large(random)) : line;
}

/** What one end of a recorded migration said, as no honest one would: some of its lines, other ones among them, and damage to each. */
export function damagedLines(
  random: Random,
  recorded: readonly Recording[],
  who: 'source' | 'target',
): Buffer[] {
  const said = (from: string): string[] =>
    pick(random, recorded)
      .lines.filter((line) => line.from === from)
      .map(({ text }) => text);
  const lines = said(who);
  const first = random() < 0.6 ? 0 : below(random, lines.length);
  const some = lines.slice(first, first + 1 + below(random, lines.length));
  // Words of another migration, or one's own thrown back.
  if (random() < 0.2)
    some.splice(below(random, some.length), 0, pick(random, said(random() < 0.5 ? 'source' : 'target')));
  for (let n = below(random, 3); n > 0; n--) {
    const at = below(random, some.length);
    some[at] = otherwise(random, some[at] ?? '');
  }
  const frames = some.map((line) => Buffer.from(`${line}\n`));
  return random() < 0.5 ? frames : damaged(random, frames);
}
