import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pid } from '../../htypes/pid.ts';
import { htypeChecks, type Kennel, type Scene } from '../../src/testing/index.ts';
import { picture } from '../../src/testing/picture.ts';
import { examine } from './examine.ts';

examine(
  htypeChecks(pid, async (scene: Scene): Promise<Kennel> => {
    const home = mkdtempSync('/tmp/phaul-pid-');
    // A shell with a child: a tree of two.
    const tree = spawn('sh', ['-c', 'sleep 1000 & echo; wait'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const root = tree.pid ?? 0;
    await once(tree.stdout, 'data');
    scene.after(() => {
      if (tree.exitCode === null && tree.signalCode === null) process.kill(-root, 'SIGKILL');
      rmSync(home, { recursive: true });
    });
    return {
      name: String(root),
      options: { pidRoot: home, targetPidFile: join(home, 'run', 'restored.pid') },
      runs: () => !['T', 'Z', ''].includes(processState(root)),
      footprint: () => picture(home),
      restored: root,
    };
  }),
);

function processState(root: number): string {
  try {
    return /\) (.)/.exec(readFileSync(`/proc/${root}/stat`, 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}
