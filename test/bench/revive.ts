import { createNetwork, ct101, removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { isRunning, migrate } from '../lab/migrate.ts';
import type { Benchmark, Sample } from './benchmark.ts';
import { bundle, contentsOfChanging, differences, makeTree, startTree } from './tree-container.ts';

export const reviveRsync: Benchmark = reviveBenchmark('rsync', 'ext4');
export const reviveBtrfs: Benchmark = reviveBenchmark('btrfs', 'btrfs');

function reviveBenchmark(driver: 'rsync' | 'btrfs', type: 'ext4' | 'btrfs'): Benchmark {
  return {
    name: `revive-${driver}`,
    unit: 'ms',
    description: `from stop to start of a container with many files on ${type}, 100 of them changed since the last round`,
    prepare: (lab) => makeTree(lab, type),
    phaul: (lab) => downtime(lab, (a, b) => byPhaul(a, b, driver)),
    rival: (lab) => downtime(lab, byRival),
  };
}

/** For how long ct101 does not run while `move` takes place. @throws if it does not run on b alone, or its files are not all there */
async function downtime(lab: Lab, move: (a: Host, b: Host) => Promise<Sample>): Promise<Sample> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  try {
    const before = await contentsOfChanging(a);
    await startTree(a);
    const sample = await move(a, b);
    if ((await isRunning(a, 'ct101')) || !(await isRunning(b, 'ct101')))
      throw new Error('ct101 does not run on b and nowhere else');
    const after = await contentsOfChanging(a);
    if (after === before) throw new Error('ct101 has changed no files');
    if ((await contentsOfChanging(b)) !== after) throw new Error('not all that changed is on b');
    const different = await differences(lab);
    if (different !== '') throw new Error(`the files differ:\n${different.slice(0, 1000)}`);
    return sample;
  } finally {
    await Promise.all([a, b].map((host) => removeContainer(host, 'ct101')));
  }
}

async function byPhaul(a: Host, b: Host, driver: string): Promise<Sample> {
  // Its first copy is a whole one, into another subvolume: that would need the room twice.
  if (driver === 'btrfs')
    await b.sh(`
      if [ -e ${bundle} ]; then btrfs -q subvolume delete ${bundle} || rm -r ${bundle}; fi
      btrfs subvolume sync /disk; fstrim /disk`);
  const result = await migrate(a, 'b', 'ct101', { args: ['--mode', 'revive', '--force'] });
  if (!result.ok) throw new Error(`phaul migrate: ${result.error.code}: ${result.error.message}`);
  const used = result.files.map((files) => files.driver).join(', ');
  if (used !== driver) throw new Error(`phaul moved the files with ${used}, not with ${driver}`);
  const parts = Object.fromEntries(
    result.acts.filter(({ act }) => ['transfer', 'restore'].includes(act)).map(({ act, ms }) => [act, ms]),
  );
  return { value: result.freezeMs, parts };
}

async function byRival(a: Host, b: Host): Promise<Sample> {
  await createNetwork(b, ct101, { up: false });
  const { stdout } = await a.run(['bash', '/opt/phaul/test/bench/rivals/revive.sh', 'ct101', bundle, 'b']);
  return { value: Number(stdout) };
}
