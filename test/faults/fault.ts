import type { HostRole } from '../../src/errors.ts';
import type { Lab } from '../lab/lab.ts';
import type { NamespaceHost } from '../lab/namespace-host.ts';
import type { PhaulEnd } from '../migration/phaul.ts';
import type { Course } from './courses.ts';
import type { Step } from './steps.ts';
import type { Strike } from './strike.ts';

/** Where a fault happens. */
export interface Scene {
  readonly lab: Lab;
  /** The host of the step, and the other one. */
  readonly here: NamespaceHost;
  readonly there: NamespaceHost;
  readonly source: NamespaceHost;
  readonly target: NamespaceHost;
  /** Settles when phaul on the source has ended. */
  readonly over: Promise<PhaulEnd | null>;
}

export interface Fault {
  readonly name: string;
  readonly kind: 'death' | 'disturbance' | 'link' | 'doubt' | 'disk';
  /** Whether it makes sense at a step of a course. */
  readonly suits: (step: Step, course: Course) => boolean;
  /** More arguments for phaul migrate. */
  readonly args?: readonly string[];
  readonly strike: Strike;
  /** What happens while that phaul stands still. */
  readonly deed?: (scene: Scene) => Promise<void> | void;
  /** What happens then. Gives what was wrong meanwhile. */
  readonly mend?: (scene: Scene) => Promise<readonly string[]>;
  /** Whose phaul it kills, if anybody's. */
  readonly kills?: (step: Step) => HostRole;
}

export const ask = { act: 'ask' } as const;
