import { type ChildProcess } from 'node:child_process';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { FsTree, TargetFs } from '../../src/contracts/fs-driver.ts';
import { PhaulError, type Refusal } from '../../src/errors.ts';
import { writeDaemonConfig } from './daemon.ts';
import { forgetLeft, markLeft, markOf, setAside, wasLeft } from './left-mark.ts';
import { explain, startDaemon } from './serve.ts';
import { killGroup } from './process.ts';
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
      ...(force ? [] : (await Promise.all(trees.map(taken))).flat()),
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
    if (code === 0 || ctx.signal.aborted) return;
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
      await ctx.run('rmdir', ['--ignore-fail-on-non-empty', '--', ...below(first, path)], {
        abortable: false,
      });
  };
}

/** rm follows no symbolic link; a file system mounted in the tree since then is not ours to remove. */
const removal = (path: string): string[] => ['-rf', '--one-file-system', '--', path];

/** The parents that `mkdir` made, innermost first. */
function below(first: string, path: string): string[] {
  const made: string[] = [];
  for (let parent = dirname(path); parent.length >= first.length; parent = dirname(parent)) made.push(parent);
  return made;
}

async function taken({ target }: FsTree): Promise<Refusal[]> {
  const found = await lstat(target).catch(() => null);
  if (!found || (await wasLeft(target))) return [];
  const names = await readdir(target).catch(() => ['not a directory']);
  if (names.length === 0) return [];
  const message = `${target} on the target has contents already.`;
  const hint = 'Move it away, or let phaul overwrite it with --force.';
  return [{ code: 'PATH_TAKEN', message, hint, host: 'target' }];
}

const isPlain = (path: string): boolean =>
  !path.includes('\0') && path.split('/').every((part) => !['', '.', '..'].includes(part));
const absolute = z.string().refine((path) => path.startsWith('/') && isPlain(path.slice(1)));
const relative = z.string().refine(isPlain);
const treesSchema = z.array(z.object({ source: z.string(), target: absolute, without: z.array(relative) }));

function checkedTrees(trees: readonly FsTree[]): FsTree[] {
  const checked = treesSchema.safeParse(trees);
  if (checked.success) return checked.data;
  throw new PhaulError(
    'PROTOCOL_ERROR',
    'A tree that the source named is not a plain absolute path with plain paths below it.',
  );
}
