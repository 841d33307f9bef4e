import type { Clock } from '../clock.ts';
import { advance, beforeTheStart } from '../course.ts';
import { ending } from '../ending.ts';
import type { PhaulEvent } from '../events.ts';
import { inWords } from '../happenings.ts';
import { plainText } from '../plain-text.ts';
import type { Renderer } from '../renderer.ts';
import { type Size, picture } from './picture.ts';
import { painted, span, widthOf } from './spans.ts';

/** A terminal, as far as the picture needs it. */
export interface Screen {
  readonly write: (text: string) => void;
  /** It has not taken yet what it was given: a slow line, or Ctrl-S. */
  readonly busy: () => boolean;
  /** As it is now: people change it. */
  readonly size: () => Size;
}

const frameMs = 100;
const mostSummaryRows = 12;

/**
 * One picture of the migration, redrawn in place, with warnings (and with `verbose` everything that happens) above it. At the end it makes room for the
 * result.
 */
export function livePicture(
  screen: Screen,
  clock: Clock,
  { verbose, colour }: { readonly verbose: boolean; readonly colour: boolean },
): Renderer {
  let course = beforeTheStart;
  // When the migration began, by the clock.
  let began = 0;
  // The widths of the lines on the screen, which may have become several rows each.
  let drawn: readonly number[] = [];
  let last = '';
  let lastColumns = 0;
  let stop = (): void => undefined;

  /** To the first row of the picture; what is printed next takes its place. */
  const back = (columns: number): string => {
    const rows = drawn.reduce((sum, width) => sum + rowsOf(width, columns), 0);
    return rows === 0 ? '\r' : `\r\u001b[${rows}A`;
  };
  const toEndOfLine = '\u001b[K';
  const toEndOfScreen = '\u001b[J';
  /** @param above what is to stay above it; null: this is a frame like others, and may be left out */
  const draw = (above: readonly string[] | null): void => {
    if (above === null && screen.busy()) return;
    const { columns, rows } = screen.size();
    // The last column is left alone: terminals differ in what they do when it has been written to.
    const lines = picture(course, clock.now() - began, { columns: columns - 1, rows: rows - 1 });
    const text = lines.map((line) => `${painted(line, colour)}${toEndOfLine}\n`).join('');
    if (above === null && text === last && columns === lastColumns) return;
    screen.write(back(columns) + printed(above ?? [], toEndOfLine) + text + toEndOfScreen);
    drawn = lines.map(widthOf);
    [last, lastColumns] = [text, columns];
  };

  const listener = (event: PhaulEvent): void => {
    if (event.type === 'start') {
      began = clock.now() - event.ms;
      stop = clock.every(frameMs, () => draw(null));
    }
    course = advance(course, event);
    if (event.type === 'result') {
      stop();
      const { columns } = screen.size();
      const lines = ending(event, course).map(plainText);
      const shown = event.ok ? lines.slice(0, howMany(lines, columns)) : lines;
      screen.write(back(columns) + toEndOfScreen + printed(shown, ''));
      drawn = [];
    } else if (verbose || event.type === 'warning') draw(inWords(event, { verbose }).map(plainText));
    else draw(null);
  };
  return { listener, say: (line) => draw([plainText(line)]) };
}

function printed(lines: readonly string[], end: string): string {
  return lines.map((line) => `${line}${end}\n`).join('');
}

function rowsOf(width: number, columns: number): number {
  return Math.max(1, Math.ceil(width / Math.max(columns, 1)));
}

/** How many of the lines make no more rows than a summary may have; the first in any case. */
function howMany(lines: readonly string[], columns: number): number {
  let rows = 0;
  const tooMany = lines.findIndex((line) => {
    rows += rowsOf(widthOf([span(line)]), columns);
    return rows > mostSummaryRows;
  });
  return tooMany < 0 ? lines.length : Math.max(tooMany, 1);
}
