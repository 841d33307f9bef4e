/** Round numbers from 0 to `most`, at most about `count` of them. */
export function ticks(most: number, count = 6): number[] {
  if (!(most > 0)) return [0];
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? rough;
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, index) => index * step);
}

/** Where a value is on an axis of that many units. */
export function scale(most: number, length: number): (value: number) => number {
  return (value) => Math.round((most > 0 ? (value / most) * length : 0) * 10) / 10;
}
