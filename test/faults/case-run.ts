import type { Lab } from '../lab/lab.ts';
import { startTraffic, type Traffic } from '../lab/traffic.ts';
import { startPhaul } from '../migration/phaul.ts';
import { calm } from './calm.ts';
import type { Case } from './cases.ts';
import type { Portraits } from './course-run.ts';
import type { Scene } from './faults.ts';
import { pair } from './stage.ts';
import { arm, disarm, goOn, struck } from './strike.ts';
import { verdict } from './verdict.ts';
import { startWorkload } from './workload.ts';

/** Runs one case on a lab where nothing is under way. @returns what was wrong; nothing if all was as it must be */
export async function runCase(lab: Lab, each: Case, portraits: Portraits): Promise<string[]> {
  const { course, step, fault } = each;
  const [source, target] = pair(lab);
  const [here, there] = step.host === 'source' ? [source, target] : [target, source];
  await startWorkload(lab, course.mode);
  await Promise.all([source, target].map(disarm));
  await arm(here, step, fault.strike);
  const traffic: Traffic | null = course.mode === 'live' ? await startClient(lab) : null;
  const run = startPhaul(source, [...course.args, 'ct101', target.name]);
  const scene: Scene = { lab, here, there, source, target, over: run.ended.catch(() => undefined) };
  const came = await struck(here, scene.over);
  if (came && fault.deed) {
    await fault.deed(scene);
    await goOn(here);
  }
  const mended = came ? fault.mend?.(scene) : undefined;
  const end = await run.ended;
  await mended;
  const left = await calm(lab);
  const wrong = await verdict(lab, each, { end, portraits, traffic, patient: left.length === 0 });
  return [
    ...(came ? [] : ['phaul never came to this step']),
    ...left,
    ...wrong,
    ...(wrong.length + left.length > 0 ? [end.text] : []),
  ];
}

/** It leaves the processors to the others. */
function startClient(lab: Lab): Promise<Traffic> {
  return startTraffic(lab.host('c'), '10.77.0.101', 6379, 5);
}
