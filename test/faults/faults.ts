import type { HostRole } from '../../src/errors.ts';
import type { Lab } from '../lab/lab.ts';
import type { NamespaceHost } from '../lab/namespace-host.ts';
import { type Course, within } from './courses.ts';
import type { Step } from './steps.ts';
import type { Strike } from './strike.ts';
import { criuOn, kill, phaulOn, sshOn } from './victims.ts';

/** Where a fault happens. */
export interface Scene {
  readonly lab: Lab;
  /** The host of the step, and the other one. */
  readonly here: NamespaceHost;
  readonly there: NamespaceHost;
  readonly source: NamespaceHost;
  readonly target: NamespaceHost;
  /** Settles when phaul on the source has ended. */
  readonly over: Promise<unknown>;
}

export interface Fault {
  readonly name: string;
  /** Whether it makes sense at a step of a course. */
  readonly suits: (step: Step, course: Course) => boolean;
  readonly strike: Strike;
  /** What happens while that phaul stands still. */
  readonly deed?: (scene: Scene) => Promise<void> | void;
  /** What happens later. */
  readonly mend?: (scene: Scene) => Promise<void>;
  /** Whose phaul it kills, if anybody's. */
  readonly kills?: (step: Step) => HostRole;
}

const other = ({ host }: Step): HostRole => (host === 'source' ? 'target' : 'source');
const always = (): boolean => true;
const ask = { act: 'ask' } as const;

/** There is a CRIU on a host only between these steps. */
const hasCriu = (role: HostRole, step: Step, course: Course): boolean =>
  course.mode === 'live' &&
  (role === 'source'
    ? within(course, step, 'asks attach', 'has recorded landed', 'source')
    : within(course, step, 'answers arm', 'CRIU says post-resume', 'target'));

export const faults: readonly Fault[] = [
  {
    name: 'phaul is killed',
    suits: always,
    strike: { act: 'die' },
    kills: ({ host }) => host,
  },
  {
    name: 'the other phaul is killed',
    // Nobody is there at the first word.
    suits: ({ name }) => name !== 'asks hello',
    strike: ask,
    deed: ({ lab, there }) => kill(phaulOn(lab, there, 'migrate', 'service')),
    kills: other,
  },
  {
    name: 'CRIU is killed',
    suits: (step, course) => hasCriu(step.host, step, course),
    strike: ask,
    deed: ({ lab, here }) => kill(criuOn(lab, here)),
  },
  {
    name: 'the other CRIU is killed',
    suits: (step, course) => hasCriu(other(step), step, course),
    strike: ask,
    deed: ({ lab, there }) => kill(criuOn(lab, there)),
  },
  {
    name: 'the connection is closed',
    suits: always,
    strike: ask,
    deed: ({ lab, source }) => kill(sshOn(lab, source)),
  },
  {
    name: 'it takes its time',
    suits: always,
    strike: { act: 'delay', ms: 2000 },
  },
];
