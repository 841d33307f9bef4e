import { duration } from '../amounts.ts';
import { scale } from './axis.ts';
import type { FreezePart } from './freeze-parts.ts';
import { markup, type Markup } from './markup.ts';

const width = 760;
const height = 26;
// Between two parts.
const gap = 2;

/** What the freeze was spent on, as one bar. */
export function freezeChart(parts: readonly FreezePart[]): Markup {
  const x = scale(
    parts.reduce((sum, { ms }) => sum + ms, 0),
    width,
  );
  let before = 0;
  const drawn = parts.map(({ act, ms }) => {
    const from = x(before);
    before += ms;
    return markup`<rect
      class="part-${act}"
      x="${from}"
      y="0"
      width="${Math.max(x(ms) - gap, 1.5)}"
      height="${height}"
      rx="2"
      ><title>${act}: ${duration(ms)}</title></rect
    >`;
  });
  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="What the freeze was spent on">${drawn}</svg>`;
}
