import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { pid } from '../../htypes/pid.ts';
import { testHType, type Kennel } from './htype.ts';
import { picture } from './shared.ts';

testHType(pid, async (t: ExecutionContext): Promise<Kennel> => {
  const home = mkdtempSync('/tmp/phaul-pid-');
  // A shell with a child: a tree of two.
  const tree = spawn('sh', ['-c', 'sleep 1000 & echo; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const root = tree.pid ?? 0;
  await once(tree.stdout, 'data');
  t.teardown(() => {
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
});

function processState(root: number): string {
  try {
    return /\) (.)/.exec(readFileSync(`/proc/${root}/stat`, 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}
