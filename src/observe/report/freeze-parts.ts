import type { Act } from '../../acts.ts';
import type { MigrationStory } from './migration-story.ts';

export interface FreezePart {
  readonly act: Act;
  readonly ms: number;
}

/** What the freeze was spent on: how long the container stood still in each act. Empty: it did not, or never came to run on the target. */
export function freezeParts({ still, acts }: Pick<MigrationStory, 'still' | 'acts'>): FreezePart[] {
  if (!still || still.to === null) return [];
  const { from, to } = still;
  return acts
    .map((span) => ({ act: span.act, ms: Math.min(span.to, to) - Math.max(span.from, from) }))
    .filter(({ ms }) => ms > 0);
}
