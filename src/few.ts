import type { Refusal } from './errors.ts';

const most = 3;

/** A few of each code: a hundred workers with the same descriptor are one piece of news. */
export function few(refusals: readonly Refusal[]): Refusal[] {
  const codes = [...new Set(refusals.map(({ code }) => code))];
  return codes.flatMap((code) => {
    const alike = refusals.filter((refusal) => refusal.code === code);
    const shown = alike.slice(0, most);
    const left = alike.length - shown.length;
    if (left === 0) return shown;
    return shown.map((refusal, index) =>
      index < most - 1
        ? refusal
        : { ...refusal, message: `${refusal.message} (And ${left} more like that.)` },
    );
  });
}
