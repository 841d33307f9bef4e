import { duration, sized } from '../amounts.ts';
import { scale, ticks } from './axis.ts';
import { markup, type Markup } from './markup.ts';
import type { MigrationStory } from './migration-story.ts';

const width = 760;
const height = 140;
const left = 90;
const top = 8;

/** How quickly memory went over the channel. Null: there are too few measurements. */
export function rateChart({ amounts, endMs, still }: MigrationStory): Markup | null {
  if (amounts.length < 2) return null;
  const most = Math.max(...amounts.map(({ bytesPerSecond }) => bytesPerSecond), 1);
  const [x, y] = [scale(endMs, width - left), scale(most, height)];
  const bottom = top + height;
  const points = amounts.map(
    ({ ms, bytesPerSecond }) => `${left + x(ms)},${round(bottom - y(bytesPerSecond))}`,
  );
  const [first, last] = [amounts[0], amounts.at(-1)];
  const area = `${left + x(first?.ms ?? 0)},${bottom} ${points.join(' ')} ${left + x(last?.ms ?? 0)},${bottom}`;
  const rows = rateTicks(most).map(
    (
      rate,
    ) => markup`<line class="grid" x1="${left}" y1="${bottom - y(rate)}" x2="${width}" y2="${bottom - y(rate)}" /><text
        class="tick"
        x="${left - 8}"
        y="${bottom - y(rate) + 4}"
        text-anchor="end"
        >${sized(rate)}/s</text
      >`,
  );
  const columns = ticks(endMs, 8).map(
    (ms) =>
      markup`<text class="tick" x="${left + x(ms)}" y="${bottom + 16}" text-anchor="middle">${duration(ms)}</text>`,
  );
  const frozen = still
    ? markup`<rect
        class="veil"
        x="${left + x(still.from)}"
        y="${top}"
        width="${Math.max(x((still.to ?? endMs) - still.from), 1.5)}"
        height="${height}"
      />`
    : null;
  return markup`<svg viewBox="0 0 ${width} ${bottom + 22}" role="img" aria-label="Throughput of memory">
    ${rows}${columns}${frozen}<polygon class="area" points="${area}" /><polyline class="curve" points="${points.join(' ')}" />
  </svg>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Round in the unit that it is read in. */
function rateTicks(most: number): number[] {
  const unit = 1024 ** Math.max(Math.floor(Math.log2(most) / 10), 0);
  return ticks(most / unit, 4).map((value) => value * unit);
}
