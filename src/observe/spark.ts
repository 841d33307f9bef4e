const heights = '▁▂▃▄▅▆▇█';

/** Amounts as bars of one character each, the largest as high as can be; none at all is a dot. */
export function spark(amounts: readonly number[]): string {
  const most = Math.max(...amounts);
  return amounts
    .map((amount) => (amount === 0 ? '·' : heights[Math.ceil((amount / most) * heights.length) - 1]))
    .join('');
}
