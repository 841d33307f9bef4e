import { duration } from '../amounts.ts';
import { scale, ticks } from './axis.ts';
import { markup, type Markup } from './markup.ts';
import type { MigrationStory } from './migration-story.ts';

const width = 760;
const left = 110;
// Room for the words behind the last bar.
const right = 105;
const rowHeight = 22;
const barHeight = 12;

interface Row {
  readonly name: string;
  readonly bars: readonly { readonly kind: string; readonly from: number; readonly to: number }[];
  readonly words: string;
}

/** When each act was, and where the container ran meanwhile. */
export function actsChart(story: MigrationStory): Markup {
  const { acts, endMs, hosts } = story;
  const rows: Row[] = [
    ...acts.map(({ act, from, to, open }) => ({
      name: act,
      bars: [{ kind: open ? 'bad' : 'act', from, to }],
      words: `${duration(to - from)}${open && story.result ? ', failed' : ''}`,
    })),
    ...whereItRan(story, hosts?.source.name ?? 'source', hosts?.target.name ?? 'target'),
  ];
  const x = scale(endMs, width - left - right);
  const height = rows.length * rowHeight;
  const grid = ticks(endMs, 8).map(
    (ms) => markup`<line class="grid" x1="${left + x(ms)}" y1="0" x2="${left + x(ms)}" y2="${height}" /><text
        class="tick"
        x="${left + x(ms)}"
        y="${height + 16}"
        text-anchor="middle"
        >${duration(ms)}</text
      >`,
  );
  return markup`<svg viewBox="0 0 ${width} ${height + 22}" role="img" aria-label="Time line of the acts">
    ${grid}${rows.map((row, index) => drawn(row, index * rowHeight, x))}
  </svg>`;
}

function drawn({ name, bars, words }: Row, y: number, x: (ms: number) => number): Markup {
  const end = Math.max(...bars.map(({ to }) => to));
  return markup`<text class="name" x="${left - 10}" y="${y + 15}" text-anchor="end">${shortened(name)}</text>${bars.map(
    ({ kind, from, to }) =>
      markup`<rect
          class="${kind}"
          x="${left + x(from)}"
          y="${y + (rowHeight - barHeight) / 2}"
          width="${Math.max(x(to) - x(from), 1.5)}"
          height="${barHeight}"
          rx="2"
        />`,
  )}<text class="value" x="${left + x(end) + 6}" y="${y + 15}">${words}</text>`;
}

const shortened = (name: string): string => (name.length > 15 ? `${name.slice(0, 14)}…` : name);

function whereItRan({ still, endMs }: MigrationStory, source: string, target: string): Row[] {
  const name = (host: string): string => `on ${host}`;
  if (!still) return [{ name: name(source), bars: [{ kind: 'source', from: 0, to: endMs }], words: 'runs' }];
  const to = still.to ?? endMs;
  return [
    {
      name: name(source),
      bars: [
        { kind: 'source', from: 0, to: still.from },
        { kind: 'still', from: still.from, to },
      ],
      words: still.to === null ? 'stood still' : `still ${duration(to - still.from)}`,
    },
    ...(still.to === null
      ? []
      : [{ name: name(target), bars: [{ kind: 'target', from: to, to: endMs }], words: 'runs' }]),
  ];
}
