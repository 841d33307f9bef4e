import { seeded } from '../seeded.ts';
import type { Case } from './cases.ts';

const seed = 1;
const each = { death: 6, disturbance: 3, disk: 2, link: 1, doubt: 1 } as const;

/** So many of each kind, always the same: about two minutes. */
export function sample(cases: readonly Case[]): Case[] {
  const random = seeded(seed);
  const drawn = cases.map((one) => ({ one, at: random() })).sort((a, b) => a.at - b.at);
  return Object.entries(each).flatMap(([kind, number]) =>
    drawn.flatMap(({ one }) => (one.fault.kind === kind ? [one] : [])).slice(0, number),
  );
}
