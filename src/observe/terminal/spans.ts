import stringWidth from 'string-width';

/** A line for a terminal: pieces of plain text, each in one style. */
export type Line = readonly Span[];

export interface Span {
  readonly text: string;
  readonly style?: Style;
}

// SGR: how a style begins and ends.
const codes = {
  dim: [2, 22],
  bold: [1, 22],
  good: [32, 39],
  bad: [31, 39],
  cold: [36, 39],
} as const;

export type Style = keyof typeof codes;

export const span = (text: string, style?: Style): Span => (style ? { text, style } : { text });

/** In columns. */
export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + stringWidth(text), 0);
}

const graphemes = new Intl.Segmenter();

/** The line in no more columns than these; what is cut off is an ellipsis. */
export function clip(line: Line, columns: number): Line {
  if (widthOf(line) <= columns) return line;
  const kept: Span[] = [];
  let left = columns - 1;
  for (const { text, style } of line) {
    let fits = '';
    for (const { segment } of graphemes.segment(text)) {
      left -= stringWidth(segment);
      if (left < 0) return [...kept, span(`${fits}…`, style)];
      fits += segment;
    }
    kept.push(span(text, style));
  }
  return kept;
}

/** The line as it is written to a terminal. */
export function painted(line: Line, colour: boolean): string {
  return line
    .map(({ text, style }) => {
      if (!style || !colour) return text;
      const [begin, end] = codes[style];
      return `\u001b[${begin}m${text}\u001b[${end}m`;
    })
    .join('');
}
