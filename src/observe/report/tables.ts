import { duration, sized } from '../amounts.ts';
import type { Comparison } from '../comparisons.ts';
import { driverReleases } from '../driver-releases.ts';
import type { Iteration } from '../events.ts';
import type { FreezePart } from './freeze-parts.ts';
import { markup, type Markup } from './markup.ts';
import type { MigrationStory } from './migration-story.ts';

type Cell = string | Markup;

/** @param numbers whose column is of numbers */
function table(
  heads: readonly string[],
  numbers: readonly boolean[],
  rows: readonly (readonly Cell[])[],
): Markup {
  const kind = (column: number): string => (numbers[column] ? 'number' : '');
  return markup`<div class="scroll"><table><thead><tr>${heads.map(
    (head, column) => markup`<th class="${kind(column)}">${head}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) => markup`<tr>${row.map((cell, column) => markup`<td class="${kind(column)}">${cell}</td>`)}</tr>`,
  )}</tbody></table></div>\n`;
}

const pageBytes = 4096;

export function iterationsTable(iterations: readonly Iteration[], live: boolean): Markup {
  const perSecond = (bytes: number, ms: number): string => (ms > 0 ? `${sized((bytes * 1000) / ms)}/s` : '-');
  const files = (each: Iteration): string[] => [
    String(each.files),
    sized(each.changedBytes),
    sized(each.fsBytes),
  ];
  const took = ({ roundMs }: Iteration): string => duration(roundMs);
  const heads = ['Files', 'Changed', 'Sent for files', 'Took'];
  if (!live)
    return table(
      ['', ...heads],
      [false, true, true, true, true],
      iterations.map((each) => [String(each.number), ...files(each), took(each)]),
    );
  return table(
    ['', 'Pages', 'Memory', 'Rate', 'Unchanged', ...heads, 'A freeze then'],
    [false, ...Array<boolean>(9).fill(true)],
    iterations.map((each) => [
      String(each.number),
      String(each.pages),
      sized(each.pages * pageBytes),
      perSecond(each.pages * pageBytes, each.dumpMs),
      String(each.skippedPages),
      ...files(each),
      took(each),
      each.predictedFreezeMs === null ? '-' : duration(each.predictedFreezeMs),
    ]),
  );
}

const work = {
  live: {
    freeze: 'All tasks stop, and the last of their memory goes over; network and devices are let go of',
    transfer: "CRIU's images, and the last changed files, arrive",
    restore: 'Devices are taken over, and all processes are made on the target',
    commit:
      'The decision is written down on both hosts; network and devices are opened, and the tasks are let run',
  },
  revive: {
    freeze: 'Network and devices are let go of',
    transfer: 'The last changed files go over',
    restore: 'Devices are taken over; the container is made on the target',
    commit:
      'The decision is written down on both hosts; network and devices are opened, and the container is started',
  },
} as const;

export function freezeTable(parts: readonly FreezePart[], mode: 'live' | 'revive'): Markup {
  const all = parts.reduce((sum, { ms }) => sum + ms, 0);
  const meaning: Readonly<Partial<Record<string, string>>> = work[mode];
  return table(
    ['Act', 'Stood still', 'Share', 'Spent on'],
    [false, true, true, false],
    parts.map(({ act, ms }) => [
      markup`<span class="swatch part-${act}"></span>${act}`,
      duration(ms),
      `${Math.round((ms / all) * 100)} %`,
      meaning[act] ?? '',
    ]),
  );
}

export function filesTable({ files }: NonNullable<MigrationStory['files']>): Markup {
  return table(
    ['Directories', 'By', 'Because'],
    [false, false, false],
    files.map(({ driver, trees, reason }) => [trees.join(', '), driver, reason]),
  );
}

const subjects = {
  time: 'From the first copy to the start on the target',
  freeze: 'Stood still',
  memory: 'Memory that went over',
  files: 'Files that went over',
} as const;

export function estimateTable(compared: readonly Comparison[]): Markup {
  return table(
    ['', 'Expected', 'Came'],
    [false, true, true],
    compared.map(({ what, expected, real }) => [subjects[what], expected, real]),
  );
}

export function hostsTable({ source, target }: NonNullable<MigrationStory['hosts']>): Markup {
  return table(
    ['', 'Host', 'phaul', 'CRIU', 'Linux', 'Programs'],
    [false, false, false, false, false, false],
    (
      [
        ['source', source],
        ['target', target],
      ] as const
    ).map(([role, host]) => [
      role,
      host.name,
      host.phaul ?? 'unknown',
      host.criu ?? 'not needed',
      host.kernel,
      driverReleases(host).join(', '),
    ]),
  );
}

export function optionsTable(options: Readonly<Record<string, string | number | boolean>>): Markup {
  return table(
    ['Option', 'Value'],
    [false, false],
    Object.entries(options).map(([name, value]) => [name, String(value)]),
  );
}
