import type { Refusal } from './errors.ts';

const most = 3;

/** A few of each code with the same hint: a hundred workers with the same descriptor are one piece of news. */
export function few(refusals: readonly Refusal[]): Refusal[] {
  const kind = ({ code, hint }: Refusal): string => `${code} ${hint}`;
  const kinds = [...new Set(refusals.map(kind))];
  return kinds.flatMap((each) => {
    const alike = refusals.filter((refusal) => kind(refusal) === each);
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
