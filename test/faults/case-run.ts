import type { Lab } from '../lab/lab.ts';
import { startTraffic, type Traffic } from '../lab/traffic.ts';
import type { PhaulRun } from '../migration/phaul.ts';
import { calm } from './calm.ts';
import type { Case } from './cases.ts';
import type { Portraits } from './course-run.ts';
import type { Scene } from './fault.ts';
import { begin } from './prelude.ts';
import { pair } from './stage.ts';
import { arm, disarm, goOn, struck } from './strike.ts';
import { verdict } from './verdict.ts';
import { startWorkload } from './workload.ts';

/** Runs one case on a lab where nothing is under way. @returns what was wrong; nothing if all was as it must be */
export async function runCase(lab: Lab, each: Case, portraits: Portraits): Promise<string[]> {
  const { course, step, fault } = each;
  await startWorkload(lab, course);
  await Promise.all(pair(lab).map(disarm));
  const traffic = course.mode === 'live' ? await startClient(lab) : null;
  const { run, scene } = await setOff(lab, each);
  const came = await struck(
    scene.here,
    scene.over.then(() => (course.prelude ? calm(lab) : null)),
  );
  if (came && fault.deed) {
    await fault.deed(scene);
    await goOn(scene.here);
  }
  const mended = came ? await fault.mend?.(scene) : [];
  const end = await run.ended;
  const left = await calm(lab);
  const found = await verdict(lab, each, { end, portraits, traffic, patient: left.length === 0 });
  const wrong = [
    ...(came ? [] : [`nobody came to the step ${step.name}`]),
    ...(mended ?? []),
    ...left,
    ...found,
  ];
  return wrong.length > 0 ? [...wrong, end.text] : [];
}

/** Starts phaul, with the fault armed. */
async function setOff(lab: Lab, { course, step, fault }: Case): Promise<{ run: PhaulRun; scene: Scene }> {
  const [source, target] = pair(lab);
  const [here, there] = step.host === 'source' ? [source, target] : [target, source];
  const ready = (): Promise<void> => arm(here, step, fault.strike);
  if (!course.prelude) await ready();
  const run = await begin(lab, course, fault.args ?? [], ready);
  return { run, scene: { lab, here, there, source, target, over: run.ended.catch(() => null) } };
}

/** It leaves the processors to the others. */
function startClient(lab: Lab): Promise<Traffic> {
  return startTraffic(lab.host('c'), '10.77.0.101', 6379, 5);
}
