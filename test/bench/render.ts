import { type Outcome, round } from './harness.ts';

/** One line of JSON, without the spread of what has no rival: `low` and `high` are ratios. */
export function jsonLine({ benchmark: { name, unit }, numbers, runs }: Outcome): string {
  const compared = numbers && 'ratio' in numbers ? numbers : undefined;
  return JSON.stringify({
    name,
    unit,
    phaul: numbers ? round(numbers.phaul) : null,
    rival: compared ? round(compared.rival) : null,
    ratio: compared ? round(compared.ratio, 3) : null,
    low: compared ? round(compared.low, 3) : null,
    high: compared ? round(compared.high, 3) : null,
    runs,
  });
}

const columns = ['benchmark', 'phaul', 'rival', 'ratio', 'spread', 'runs', ''];

/** A table for people. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = [columns, ...outcomes.map(row)];
  const widths = columns.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const pad = (cell: string, column: number): string =>
    column === 0 || column === columns.length - 1
      ? cell.padEnd(widths[column]!)
      : cell.padStart(widths[column]!);
  return rows.map((cells) => cells.map(pad).join('  ').trimEnd()).join('\n');
}

function row({ benchmark: { name, unit, partsUnit = unit }, numbers, parts, runs }: Outcome): string[] {
  if (!numbers) return [name, 'failed', '', '', '', String(runs), ''];
  const rounded = (number: number): number => round(number, number < 100 ? 1 : 0);
  const value = (number: number): string => `${rounded(number)} ${unit}`;
  const details = Object.entries(parts)
    .map(([part, number]) => `${part} ${rounded(number)} ${partsUnit}`)
    .join(', ');
  if (!('ratio' in numbers))
    return [
      name,
      value(numbers.phaul),
      '–',
      '–',
      `${value(numbers.low)} – ${value(numbers.high)}`,
      String(runs),
      details,
    ];
  const { phaul, rival, ratio, low, high } = numbers;
  return [
    name,
    value(phaul),
    value(rival),
    ratio.toFixed(2),
    `${low.toFixed(2)} – ${high.toFixed(2)}`,
    String(runs),
    details,
  ];
}
