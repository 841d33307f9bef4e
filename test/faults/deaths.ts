import type { HostRole } from '../../src/errors.ts';
import { type Course, hasCriu } from './courses.ts';
import { ask, type Fault } from './fault.ts';
import type { Step } from './steps.ts';
import { criuOn, kill, phaulOn } from './victims.ts';

const other = ({ host }: Step): HostRole => (host === 'source' ? 'target' : 'source');

/** kill -9, of phaul and of CRIU, on the host of the step and on the other. */
export const deaths: readonly Fault[] = [
  {
    name: 'phaul is killed',
    kind: 'death',
    suits: () => true,
    strike: { act: 'die' },
    kills: ({ host }) => host,
  },
  {
    name: 'the other phaul is killed',
    kind: 'death',
    // Nobody is there at the first word.
    suits: ({ name }) => name !== 'asks hello',
    strike: ask,
    deed: ({ lab, there }) => kill(phaulOn(lab, there, 'migrate', 'service', 'recover')),
    kills: other,
  },
  {
    name: 'CRIU is killed',
    kind: 'death',
    suits: (step: Step, course: Course) => hasCriu(step.host, step, course),
    strike: ask,
    deed: ({ lab, here }) => kill(criuOn(lab, here)),
  },
  {
    name: 'the other CRIU is killed',
    kind: 'death',
    suits: (step: Step, course: Course) => hasCriu(other(step), step, course),
    strike: ask,
    deed: ({ lab, there }) => kill(criuOn(lab, there)),
  },
];
