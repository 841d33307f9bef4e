import type { Clock } from './clock.ts';
import { advance, beforeTheStart } from './course.ts';
import { ending, failureLines } from './ending.ts';
import type { PhaulEvent } from './events.ts';
import { amountInWords, inWords } from './happenings.ts';
import { plainText } from './plain-text.ts';
import type { Renderer } from './renderer.ts';

const intervalMs = 1000;

/**
 * For where there is no terminal: what happens, one line a second at most, which says all that was new in it. Warnings and the end do not wait. With
 * `verbose` nothing waits but what only counts up.
 */
export function plainLines(
  write: (text: string) => void,
  clock: Clock,
  { verbose }: { readonly verbose: boolean },
): Renderer {
  let course = beforeTheStart;
  let news: string[] = [];
  let amount: string | null = null;
  let stop = (): void => undefined;
  const say = (lines: readonly string[]): void => write(lines.map((line) => `${plainText(line)}\n`).join(''));
  const flush = (): void => {
    if (amount !== null) news.push(amount);
    if (news.length > 0) say([news.join('; ')]);
    news = [];
    amount = null;
  };
  const listener = (event: PhaulEvent): void => {
    course = advance(course, event);
    const lines = inWords(event, { verbose });
    amount = amountInWords(event) ?? amount;
    if (event.type === 'start') stop = clock.every(intervalMs, flush);
    if (event.type === 'result') {
      stop();
      amount = null;
      flush();
      say(ending(event, course));
    } else if (verbose || event.type === 'start' || event.type === 'warning') {
      if (lines.length > 0) flush();
      say(lines);
    } else news.push(...lines);
    // The round is over, and says so itself.
    if (event.type === 'iteration' || event.type === 'running') amount = null;
  };
  return { listener, say: (line) => say([line]) };
}

/** Only what is wrong. */
export function quietLines(write: (text: string) => void): Renderer {
  const say = (line: string): void => write(`${plainText(line)}\n`);
  const listener = (event: PhaulEvent): void => {
    const lines =
      event.type === 'warning'
        ? inWords(event, { verbose: false })
        : event.type === 'result' && !event.ok
          ? failureLines(event.error)
          : [];
    lines.forEach(say);
  };
  return { listener, say };
}
