import { type Course, courses, decides, takesOver } from './courses.ts';
import type { Fault } from './fault.ts';
import { faults } from './faults.ts';
import { type Step, told } from './steps.ts';

/** A fault at a step of a course. */
export interface Case {
  /** The same whenever the tests run: `--only` finds it. */
  readonly name: string;
  readonly course: Course;
  readonly step: Step;
  readonly fault: Fault;
}

/** Every fault at every step of every course, where it can happen and shows what no other case does. */
export function allCases(): Case[] {
  return courses.flatMap((course) =>
    firstOfEach(course.steps).flatMap((step, index) =>
      faults
        .filter((fault) => fault.suits(step, course) && isNew(fault, step, course))
        .map((fault) => ({
          name: `${course.name} ${index + 1}, ${told(step)}: ${fault.name}`,
          course,
          step,
          fault,
        })),
    ),
  );
}

/** What comes twice is struck the first time. */
function firstOfEach(steps: readonly Step[]): Step[] {
  return steps.filter((step, index) => steps.findIndex((each) => told(each) === told(step)) === index);
}

function isNew({ kind }: Fault, step: Step, course: Course): boolean {
  // An eager restore differs from a lazy one in how the tasks come to be, and in that nothing follows.
  if (course.name === 'eager') return decides(step, course) && kind === 'death';
  // Where it has nothing to do with the device it is as without one.
  if (course.device) return takesOver(step, course) && (kind === 'death' || kind === 'link');
  // What mends one fault meets another. It takes long to find out that a link is cut: once for each call.
  if (course.prelude)
    return kind === 'death' || kind === 'disk' || (step.name.startsWith('asks ') && step.host === 'source');
  return true;
}
