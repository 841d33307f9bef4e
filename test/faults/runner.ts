import { Lab } from '../lab/lab.ts';
import { labName } from '../lab/paths.ts';
import { runCase } from './case-run.ts';
import type { Case } from './cases.ts';
import type { Course } from './courses.ts';
import { goWithoutFault, type Portraits } from './course-run.ts';
import { setStage } from './stage.ts';

/** Told of each case that has ended, with what was wrong. */
export type OnCase = (name: string, wrong: readonly string[], seconds: number) => void;

/** Runs cases in some labs at the same time. A lab where one has failed is made anew, and so is one in which a course goes without a fault first: the others are held against it. */
export async function runCases(cases: readonly Case[], labs: number, onCase: OnCase): Promise<void> {
  const queue = [...cases];
  const portraits = new Map<Course, Promise<Portraits>>();
  const worker = async (name: string): Promise<void> => {
    let lab: Lab | null = null;
    for (let each = queue.shift(); each; each = queue.shift()) {
      if (!lab || !portraits.has(each.course)) lab = await freshLab(name);
      const began = performance.now();
      const wrong = await attempt(lab, each, portraits);
      onCase(each.name, wrong, (performance.now() - began) / 1000);
      if (wrong.length > 0) lab = null;
    }
    await Lab.down(name);
  };
  await Promise.all(Array.from({ length: labs }, (_, index) => worker(`${labName()}-${index + 1}`)));
}

async function freshLab(name: string): Promise<Lab> {
  const lab = await Lab.up(name);
  await setStage(lab);
  return lab;
}

async function attempt(lab: Lab, each: Case, portraits: Map<Course, Promise<Portraits>>): Promise<string[]> {
  const { course } = each;
  try {
    let known = portraits.get(course);
    if (!known) {
      known = goWithoutFault(lab, course).then(({ portraits: found }) => found);
      portraits.set(course, known);
    }
    return await runCase(lab, each, await known);
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}
