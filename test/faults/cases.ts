import { type Course, courses } from './courses.ts';
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

/** Every fault at every step of every course where it can happen. */
export function allCases(): Case[] {
  return courses.flatMap((course) =>
    course.steps.flatMap((step, index) =>
      faults
        .filter((fault) => fault.suits(step, course))
        .map((fault) => ({
          name: `${course.name} ${index + 1}, ${told(step)}: ${fault.name}`,
          course,
          step,
          fault,
        })),
    ),
  );
}
