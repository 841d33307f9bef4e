import { decides } from './courses.ts';
import { ask, type Fault } from './fault.ts';
import { kill, sshOn } from './victims.ts';

const recover = ['phaul', 'recover'];

/** What needs no long wait: a connection that ends, a host that is slow, others who want to help. */
export const disturbances: readonly Fault[] = [
  {
    name: 'the connection is closed',
    kind: 'disturbance',
    suits: () => true,
    strike: ask,
    deed: ({ lab, source }) => kill(sshOn(lab, source)),
  },
  {
    name: 'it takes its time',
    kind: 'disturbance',
    suits: () => true,
    strike: { act: 'delay', ms: 2000 },
  },
  {
    name: 'the connection is closed, and three more recover it',
    kind: 'disturbance',
    // Only from there on phaul connects again.
    suits: (step, course) => decides(step, course),
    strike: ask,
    deed: ({ lab, source }) => kill(sshOn(lab, source)),
    mend: async ({ source, target }) => {
      // It may be that the other host is right now not to be asked, or that somebody else is at it.
      await Promise.all(
        [source, source, target].map((host) => host.run(recover, { check: false, timeoutMs: 120_000 })),
      );
      return [];
    },
  },
];
