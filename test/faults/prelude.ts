import type { Lab } from '../lab/lab.ts';
import { type PhaulRun, startPhaul } from '../migration/phaul.ts';
import type { Course, Prelude } from './courses.ts';
import { pair } from './stage.ts';
import { arm, goOn, struck } from './strike.ts';
import { kill, phaulOn, sshOn } from './victims.ts';

/** phaul, after the prelude of its course if it has one. @param armed is called in between */
export async function begin(
  lab: Lab,
  course: Course,
  more: readonly string[],
  armed: () => Promise<void>,
): Promise<PhaulRun> {
  const [source] = pair(lab);
  const start = (): PhaulRun => startPhaul(source, [...course.args, ...more, 'ct101', 'b']);
  return course.prelude ? play(lab, course.prelude, start, armed) : start();
}

/**
 * Starts phaul and breaks what a course is to mend.
 * @param armed is called when phaul stands still at that step, before anything is broken
 */
async function play(
  lab: Lab,
  { step, breaks }: Prelude,
  start: () => PhaulRun,
  armed: () => Promise<void>,
): Promise<PhaulRun> {
  const [source] = pair(lab);
  await arm(source, step, { act: 'ask' });
  const run = start();
  if (!(await struck(source, run.ended))) throw new Error(`phaul ended before ${step.name}`);
  await armed();
  kill(breaks === 'phaul' ? phaulOn(lab, source, 'migrate') : sshOn(lab, source));
  if (breaks === 'the connection') await goOn(source);
  return run;
}
