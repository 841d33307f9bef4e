import type { Mode } from '../../src/acts.ts';
import type { HostRole } from '../../src/errors.ts';
import {
  deciding,
  preparing,
  recovering,
  resuming,
  revivingSteps,
  settling,
  takingOver,
} from './protocol.ts';
import { inOrder, type Step, told } from './steps.ts';

/** One way in which a migration goes, and all the steps of it. */
export interface Course {
  readonly name: string;
  readonly mode: Mode;
  /** Of phaul migrate. */
  readonly args: readonly string[];
  /** It has a device that one host only may use. */
  readonly device?: true;
  /** What breaks first, where the course is how phaul mends that. */
  readonly prelude: Prelude | null;
  /** In the order in which they come, where they wait for each other. */
  readonly steps: readonly Step[];
}

export interface Prelude {
  readonly step: Step;
  readonly breaks: 'the connection' | 'phaul';
}

const lazy = ['--restore', 'lazy'];

export const courses: readonly Course[] = [
  {
    name: 'lazy',
    mode: 'live',
    args: lazy,
    prelude: null,
    steps: inOrder([preparing('live'), deciding, settling({ fill: true })]),
  },
  {
    name: 'eager',
    mode: 'live',
    args: ['--restore', 'eager'],
    prelude: null,
    steps: inOrder([preparing('live'), deciding, settling({ fill: false })]),
  },
  {
    name: 'revive',
    mode: 'revive',
    args: ['--mode', 'revive'],
    prelude: null,
    steps: inOrder([revivingSteps]),
  },
  {
    name: 'device',
    mode: 'revive',
    args: ['--mode', 'revive'],
    device: true,
    prelude: null,
    steps: inOrder([takingOver]),
  },
  {
    name: 'resumed',
    mode: 'live',
    args: lazy,
    prelude: { step: { host: 'source', by: 'migrate', name: 'asks commit' }, breaks: 'the connection' },
    steps: inOrder([resuming]),
  },
  {
    name: 'recovered',
    mode: 'live',
    args: lazy,
    prelude: { step: { host: 'source', by: 'migrate', name: 'has recorded handed' }, breaks: 'phaul' },
    steps: inOrder([recovering]),
  },
];

/** Whether a step lies between two others of its course, these included; not if the course has them not. */
function within({ steps }: Course, step: Step, from: string, to: string): boolean {
  const at = (wanted: string): number => steps.findIndex((each) => told(each) === wanted);
  const index = steps.indexOf(step);
  return at(from) >= 0 && at(from) <= index && index <= at(to);
}

/** There is a CRIU on that host, in every run. */
export function hasCriu(role: HostRole, step: Step, course: Course): boolean {
  return role === 'source'
    ? within(course, step, 'source asks attach', 'source has recorded landed')
    : within(course, step, 'target answers arm', 'target CRIU says post-resume');
}

/** The target may have the container complete: from here on the two must find out together whose it is. */
export function decides(step: Step, course: Course): boolean {
  const last = course.steps.at(-1);
  return (
    course.prelude !== null ||
    (last !== undefined && within(course, step, 'source records asked', told(last)))
  );
}

/** The source has handed the container over, and does not know what the target made of that. */
export function handsOver(step: Step, course: Course): boolean {
  return (
    within(course, step, 'source records handed', 'source has recorded landed') ||
    within(course, step, 'source asks resume', 'source has recorded landed')
  );
}

/** A device that one host only may use changes hands. */
export const takesOver = (step: Step, course: Course): boolean =>
  within(course, step, 'source asks standBy', 'source hears takeOver');

/** Something has been written down, and is to be. */
export function writes(step: Step, course: Course): boolean {
  const last = course.steps.at(-1);
  return (
    course.prelude !== null || (last !== undefined && within(course, step, 'source asks begin', told(last)))
  );
}
