import { asPhaulError, PhaulError } from '../errors.ts';
import { step } from '../step.ts';
import { journalOf, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

/**
 * After the target's word: the source's copy is destroyed, the files stay and are marked as left. Every step is
 * tried whatever became of the others; none of them can bring the container back.
 * @param giveUp ends the processes that are left
 * @throws RELEASE_FAILED naming all that failed
 */
export async function release(m: Migration, plan: Plan, giveUp: () => Promise<void>): Promise<void> {
  const { container, devices, link } = plan;
  const failures: string[] = [];
  const attempt = (name: string, work: () => Promise<unknown>): Promise<unknown> =>
    work().catch((error: unknown) => failures.push(`${name}: ${asPhaulError(error).message}`));

  // Where that fails the target is asked once more before anything else is done to what is left here (journal/guard.ts).
  await attempt('the journal', () => journalOf(m).record('landed'));
  step('releases');
  await attempt('the processes', giveUp);
  m.sourceState = 'gone';
  await attempt('the container', async () => container.release?.(link.host));
  for (const { name, done } of devices.release()) await attempt(`device ${name}`, done);
  await attempt('the files', () =>
    plan.files.release({ container: container.description.id, target: link.host }),
  );
  step('has released');
  if (failures.length === 0) return;
  throw new PhaulError(
    'RELEASE_FAILED',
    `The container is on ${link.host}, but on the source these remain: ${failures.join('; ')}.`,
  );
}
