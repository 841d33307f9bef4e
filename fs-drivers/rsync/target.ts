import { type ChildProcess } from 'node:child_process';
import { lstat, mkdir, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { FsTree, TargetFs } from '../../src/contracts/fs-driver.ts';
import { forgetLeft, markLeft, markOf, setAside, wasLeft } from '../common/left-mark.ts';
import { killGroup } from '../common/process.ts';
import { checkedTrees, takenPlaces } from '../common/trees.ts';
import { writeDaemonConfig } from './daemon.ts';
import { leftAlone } from './failure.ts';
import { explain, startDaemon } from './serve.ts';
import { rsyncRefusals } from './version.ts';

/** The half that receives. */
export function rsyncTarget(unchecked: readonly FsTree[], ctx: DriverContext): TargetFs {
  const trees = checkedTrees(unchecked);
  const undo: (() => Promise<void>)[] = [];
  const running = new Map<ChildProcess, Promise<unknown>>();
  let config = '';
  return {
    refusals: async (force) => [
      ...(await rsyncRefusals(ctx, 'target')),
      ...(force ? [] : await takenPlaces(trees)),
    ],
    prepare: async () => {
      for (const { target } of trees) undo.push(await makeTree(target, ctx));
      config = await writeDaemonConfig(ctx.directory, trees);
    },
    serve: (stream) => serve(stream, config, running, ctx),
    abort: async () => {
      // Nothing may write any more, or what is removed comes back.
      await Promise.all([...running].map(([daemon, closed]) => stopped(daemon, closed)));
      for (let step = undo.pop(); step; step = undo.pop()) await step();
    },
  };
}

async function serve(
  stream: Socket,
  config: string,
  running: Map<ChildProcess, Promise<unknown>>,
  ctx: DriverContext,
): Promise<void> {
  try {
    const { daemon, ended } = await startDaemon(stream, config, ctx.signal);
    running.set(daemon, ended);
    const { code, stderr } = await ended;
    running.delete(daemon);
    if (code === 0 || ctx.signal.aborted || leftAlone(code, stderr)) return;
    ctx.log(`The rsync daemon ended with code ${String(code)}: ${stderr.trim()}`);
    await explain(stream, stderr, ctx.signal);
  } finally {
    stream.destroy();
  }
}

async function stopped(daemon: ChildProcess, closed: Promise<unknown>): Promise<void> {
  killGroup(daemon, 'SIGTERM');
  await Promise.race([closed, sleep(2000, undefined, { ref: false })]);
  killGroup(daemon, 'SIGKILL');
  await closed;
}

/** Creates the directory if it is not there, and gives back what undoes it. */
async function makeTree(path: string, ctx: DriverContext): Promise<() => Promise<void>> {
  const mark = await wasLeft(path);
  if (await lstat(path).catch(() => null)) {
    if (mark) ctx.ifKilled('cp', ['-p', '--', await setAside(path, ctx.directory), markOf(path)]);
    await forgetLeft(path);
    return () => (mark ? markLeft(path, mark) : Promise.resolve());
  }
  ctx.ifKilled('rm', removal(path));
  // The first of the missing parents, or the tree itself.
  const first = await mkdir(path, { recursive: true, mode: 0o755 });
  return async () => {
    await ctx.run('rm', removal(path), { abortable: false });
    if (first !== undefined && first !== path)
      for (const parent of below(first, path)) await removeEmpty(parent);
  };
}

/** Unless there is something in it, or somebody whose directory it was in the meantime has removed it. */
async function removeEmpty(path: string): Promise<void> {
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (!['ENOENT', 'ENOTEMPTY'].includes(error.code ?? '')) throw error;
  });
}

/** rm follows no symbolic link; a file system mounted in the tree since then is not ours to remove. */
const removal = (path: string): string[] => ['-rf', '--one-file-system', '--', path];

/** The parents that `mkdir` made, innermost first. */
function below(first: string, path: string): string[] {
  const made: string[] = [];
  for (let parent = dirname(path); parent.length >= first.length; parent = dirname(parent)) made.push(parent);
  return made;
}
