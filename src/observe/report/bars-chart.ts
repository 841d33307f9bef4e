import { scale, ticks } from './axis.ts';
import { markup, type Markup } from './markup.ts';

const width = 760;
const height = 180;
const left = 80;
const top = 18;

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The container stood still meanwhile. */
  readonly still: boolean;
}

/** Amounts beside each other; null: all are nothing. @param words an amount as people read it */
export function barsChart(
  label: string,
  bars: readonly Bar[],
  words: (value: number) => string,
): Markup | null {
  const most = Math.max(...bars.map(({ value }) => value), 0);
  if (most === 0) return null;
  const y = scale(most, height);
  const step = (width - left) / Math.max(bars.length, 1);
  const barWidth = Math.min(step * 0.7, 60);
  const grid = ticks(most, 4).map(
    (value) => markup`<line
        class="grid"
        x1="${left}"
        y1="${top + height - y(value)}"
        x2="${width}"
        y2="${top + height - y(value)}"
      /><text class="tick" x="${left - 8}" y="${top + height - y(value) + 4}" text-anchor="end"
        >${words(value)}</text
      >`,
  );
  const drawn = bars.map(({ name, value, still }, index) => {
    const middle = Math.round(left + step * (index + 0.5));
    const tall = Math.max(y(value), value > 0 ? 1.5 : 0);
    return markup`<rect
        class="${still ? 'still' : 'act'}"
        x="${middle - Math.round(barWidth / 2)}"
        y="${top + height - tall}"
        width="${Math.round(barWidth)}"
        height="${tall}"
        rx="2"
      /><text class="value" x="${middle}" y="${top + height - tall - 5}" text-anchor="middle">${words(value)}</text
      ><text class="tick" x="${middle}" y="${top + height + 16}" text-anchor="middle">${name}</text>`;
  });
  return markup`<svg viewBox="0 0 ${width} ${top + height + 24}" role="img" aria-label="${label}">${grid}${drawn}</svg>`;
}
