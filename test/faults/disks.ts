import type { HostRole } from '../../src/errors.ts';
import type { NamespaceHost } from '../lab/namespace-host.ts';
import { writes } from './courses.ts';
import { ask, type Fault } from './fault.ts';

const ballast = ['/var/lib/phaul/.ballast', '/srv/.ballast'];

// To the last byte: a page cache's worth may be left where no whole page is.
const fill = ballast
  .map(
    (file) =>
      `dd if=/dev/zero of=${file} bs=64k 2>/dev/null; dd if=/dev/zero of=${file} bs=1 oflag=append conv=notrunc 2>/dev/null`,
  )
  .join('\n');

async function fillDisk(host: NamespaceHost): Promise<void> {
  await host.sh(`set +e\n${fill}\ntrue`);
}

/** The disk of a host with the journals and the files is full, until phaul on the source has ended. */
export const diskFaults: readonly Fault[] = (['source', 'target'] as const).map((role: HostRole) => ({
  name: `the disk of the ${role} is full`,
  kind: 'disk',
  // What is written next is the first that cannot be: so the disk of the step's own host.
  suits: (step, course) => step.host === role && writes(step, course),
  strike: ask,
  deed: (scene) => fillDisk(scene[role]),
  mend: async (scene) => {
    await scene.over;
    await scene[role].sh(`rm -f ${ballast.join(' ')}`);
    return [];
  },
}));
