import { access, mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { DriverContext } from '../src/contracts/context.ts';
import type {
  ContainerDescription,
  HType,
  HTypeOptions,
  SourceContainer,
  TargetContainer,
} from '../src/contracts/htype.ts';
import { isPlainPath } from '../src/contracts/paths.ts';
import { PhaulError, type Refusal } from '../src/errors.ts';
import {
  externalNetwork,
  externalNetworkKey,
  networkNamespacePath,
  processTree,
  sameNamespace,
  sharedWritableFiles,
} from '../src/linux/processes.ts';

/** A process tree, named by the pid of its root. */
export const pid: HType = {
  kind: 'htype',
  name: 'pid',
  apiVersion: 1,
  description: 'Any process tree, named by the pid of its root',
  capabilities: { live: true, preDump: true, revive: false },
  knows: (name) =>
    Promise.resolve(/^[1-9]\d*$/.test(name)).then((isPid) => isPid && exists(`/proc/${name}/exe`)),
  source,
  target,
};

const metaSchema = z.object({
  /** Pids that must be free on the target; none if the tree has a PID namespace of its own. */
  pids: z.array(z.int().positive()),
  networkNamespace: z
    .string()
    .regex(/^\/run\/netns\/(?!\.{1,2}$)[^/\0]+$/)
    .nullable(),
  pidFile: z.string().refine(isPlainPath).nullable(),
});

async function source(name: string, options: HTypeOptions): Promise<SourceContainer> {
  const root = Number(name);
  const pids = await processTree(root);
  if (pids.length === 0)
    throw new PhaulError('CONTAINER_UNKNOWN', `There is no process ${name}.`, { host: 'source' });
  const networkNamespace = await networkNamespacePath(root);
  const ownPids = !(await sameNamespace('pid', root, 'self'));
  const tree = options.pidRoot;
  return {
    description: {
      htype: 'pid',
      id: options.targetId ?? name,
      trees: tree === undefined ? [] : [{ source: tree, target: tree }],
      needs: [],
      meta: { pids: ownPids ? [] : pids, networkNamespace, pidFile: options.targetPidFile ?? null },
    },
    pid: root,
    network: networkNamespace === null ? null : { namespace: networkNamespace },
    live: { dump: { external: networkNamespace === null ? [] : [await externalNetwork(networkNamespace)] } },
    refusals: () => Promise.resolve([]),
    mappedFiles: async () => (tree === undefined ? [] : sharedWritableFiles(await processTree(root))),
    // CRIU killed the processes; there is nothing else.
    release: () => Promise.resolve(),
  };
}

function target(description: ContainerDescription, ctx: DriverContext): TargetContainer {
  const parsed = metaSchema.safeParse(description.meta);
  if (!parsed.success)
    throw new PhaulError('PROTOCOL_ERROR', 'The description of the process tree is malformed.');
  const meta = parsed.data;
  const undo: (() => Promise<unknown>)[] = [];
  return {
    refusals: async () => [...(await pidsTaken(meta.pids)), ...(await pidFileTaken(meta.pidFile))],
    prepare: () => Promise.resolve(),
    live: {
      restore: () =>
        Promise.resolve({
          inherit:
            meta.networkNamespace === null ? [] : [{ key: externalNetworkKey, path: meta.networkNamespace }],
        }),
      restored: async (pid) => {
        if (meta.pidFile === null) return;
        const path = meta.pidFile;
        const first = await mkdir(dirname(path), { recursive: true });
        if (first !== undefined) undo.push(() => rmdirs(dirname(path), first));
        // Never over another file, whatever preflight's answer was taken for.
        await writeFile(path, `${pid}\n`, { flag: 'wx' });
        ctx.ifKilled('rm', ['-f', '--', path]);
        undo.push(() => rm(path, { force: true }));
      },
    },
    started: () => Promise.resolve(ctx.log(`process tree ${description.id} runs here`)),
    abort: async () => {
      for (let step = undo.pop(); step; step = undo.pop()) await step();
    },
  };
}

async function pidsTaken(pids: readonly number[]): Promise<Refusal[]> {
  const used = await Promise.all(
    pids.map(async (pid) => ((await exists(`/proc/${pid}`)) ? [await describe(pid)] : [])),
  );
  return used.flat().map((who) => ({
    code: 'PID_TAKEN',
    message: `The process id ${who}.`,
    hint: 'Wait for that process to end, or run the tree in a PID namespace of its own.',
    host: 'target',
  }));
}

async function describe(pid: number): Promise<string> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return `${pid} is in use by ${name.trim() || 'a process'}`;
}

async function pidFileTaken(path: string | null): Promise<Refusal[]> {
  if (path === null || !(await exists(path))) return [];
  const hint = 'Remove it, or name another file with --dst-rpid.';
  return [{ code: 'PATH_TAKEN', message: `The pid file ${path} exists already.`, hint, host: 'target' }];
}

/** Removes the directories from `path` up to `first`, as far as they are empty. */
async function rmdirs(path: string, first: string): Promise<void> {
  for (let each = path; each.length >= first.length; each = dirname(each))
    await rmdir(each).catch(() => undefined);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
