import type { PhaulEnd } from '../migration/phaul.ts';
import { isRunning } from '../lab/migrate.ts';
import { ask, type Fault, type Scene } from './fault.ts';
import { bothWays, cut, speaks } from './links.ts';
import { decides, handsOver } from './courses.ts';

interface Told {
  readonly migration: string;
  readonly role: string;
  readonly state: string;
  readonly todo: string;
}

async function status(host: Scene['here']): Promise<Told[]> {
  return (JSON.parse(await host.sh('phaul status --json')) as { migrations: Told[] }).migrations;
}

/** In doubt phaul says so, on the screen and in its status, with both ways out. @returns what is missing */
async function advice({ source }: Scene, end: PhaulEnd): Promise<string[]> {
  const [told] = await status(source);
  if (told?.state !== 'handed') return [`in doubt, and phaul status says ${JSON.stringify(told)}`];
  const ways = ['target', 'source'].map((dead) => `phaul recover ${told.migration} --${dead}-is-dead`);
  const texts = { hint: end.error?.hint ?? '', status: told.todo };
  const missing = Object.entries(texts).flatMap(([where, text]) =>
    ways.filter((way) => !text.includes(way)).map((way) => `the ${where} does not name ${way}: ${text}`),
  );
  return end.exitCode === 5 ? missing : [...missing, `in doubt, and the exit code is ${end.exitCode}`];
}

/** What an operator does who sees where it runs, first on the source, then on the target if that still waits. */
async function decide({ source, target }: Scene): Promise<void> {
  // runc calls it running as soon as its tasks exist: phaul's own word is what counts.
  const waits = (await status(target)).some(({ state }) => state === 'ready');
  const dead = !waits && (await isRunning(target, 'ct101')) ? 'source' : 'target';
  const [told] = await status(source);
  if (told) await source.sh(`phaul recover ${told.migration} --${dead}-is-dead --yes`);
  for (const { migration, state } of await status(target))
    if (state === 'ready') await target.sh(`phaul recover ${migration} --target-is-dead --yes`);
}

/** The link is cut until phaul has given up, and not joined before somebody has done something about it. */
function cutForEver(name: string, suits: Fault['suits'], act: (scene: Scene) => Promise<void>): Fault {
  return {
    name,
    kind: 'doubt',
    suits: (step, course) => speaks(step) && suits(step, course),
    args: ['--timeout', '5'],
    strike: ask,
    deed: (scene) => cut(scene, bothWays),
    mend: async (scene) => {
      const end = await scene.over;
      const wrong = end?.error?.code === 'IN_DOUBT' ? await advice(scene, end) : [];
      if (end?.error?.code === 'IN_DOUBT') await act(scene);
      await scene.lab.unblock();
      return wrong;
    },
  };
}

export const doubtFaults: readonly Fault[] = [
  // Before that it is as with any other cut.
  cutForEver('the link is cut until phaul has given up', decides, () => Promise.resolve()),
  // Nobody is in doubt at any other time.
  cutForEver('the link is cut, and an operator decides', handsOver, decide),
];
