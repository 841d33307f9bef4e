import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { Mode } from '../../src/acts.ts';
import type { ContainerDescription, TargetContainer } from '../../src/contracts/htype.ts';
import type { RestoreSettings } from '../../src/contracts/criu-settings.ts';
import { PhaulError, type Refusal } from '../../src/errors.ts';
import { externalNetworkKey, processStart } from '../../src/linux/processes.ts';
import { maskIn } from './masked.ts';
import { type RuncMeta, runcMeta } from './meta.ts';
import { restoreMounts } from './mounts.ts';
import { shellWords } from './shell.ts';
import { readState, stateDirectory, stateFile } from './state.ts';

/**
 * The container-to-be. While the container still runs on the source, this host's own runc creates a container of that name from the
 * bundle, which shows early what would fail, and leaves its state, cgroups and mount points as this runc makes them. Its
 * waiting init is then killed, and CRIU's restored tree takes that place: only pid and start time in runc's state change. In revive mode
 * that init goes on waiting until it is let run.
 */
export function runcTarget(description: ContainerDescription, ctx: DriverContext): TargetContainer {
  const meta = parseMeta(description);
  const { id } = description;
  const root = join(ctx.directory, 'root');
  const log = join(ctx.directory, 'runc.log');
  const runc = (...args: string[]): Promise<string> => ctx.run('runc', args, { abortable: false });
  const mask = maskIn(ctx);
  let created = false;
  let mounted = false;
  let mode: Mode = 'live';

  const unmountRoot = async (): Promise<void> => {
    if (!mounted) return;
    await ctx.run('umount', ['-l', root], { abortable: false });
    mounted = false;
  };

  const mountRoot = async (): Promise<void> => {
    const { config } = await readState(id);
    // CRIU wants a root that is a mount point (runc does the same, libcontainer/criu_linux.go, Restore).
    await mkdir(root, { recursive: true });
    await ctx.run('mount', ['--rbind', '--make-rprivate', config.rootfs, root]);
    mounted = true;
  };

  /** Once more, right before the deed: its undo would remove a container that is not ours. */
  const mustBeFree = async (): Promise<void> => {
    const [taken] = await nameFree(id);
    if (taken) throw new PhaulError(taken.code, taken.message, taken);
  };

  const create = async (): Promise<void> => {
    await mustBeFree();
    created = true;
    await createWaiting(id, meta, ctx);
  };

  const remove = async (): Promise<void> => {
    // runc's own way to kill one sleeps for 100 ms before it looks whether that has worked (delete.go, killContainer).
    await endInit(id);
    await runc('delete', '--force', id);
    created = false;
  };

  const start = async (): Promise<number> => {
    // What it has mounted may no longer be what lies there.
    if (meta.mountsFiles) {
      await remove();
      await create();
    }
    await ctx.run('runc', ['--log', log, 'start', id], { abortable: false }).catch(async (cause: unknown) => {
      throw new PhaulError('START_FAILED', `runc on the target cannot start ${id}: ${await saidIn(log)}.`, {
        host: 'target',
        cause,
      });
    });
    return (await readState(id)).init_process_pid;
  };

  return {
    refusals: async () => [
      ...(await installed(ctx)),
      ...(await nameFree(id)),
      ...(await missing(description.needs)),
    ],
    prepare: async (chosen, again) => {
      mode = chosen;
      await mustBeFree();
      ctx.ifKilled('runc', ['delete', '--force', id]);
      await create();
      if (mode === 'revive') return again ? remove() : undefined;
      await endInit(id);
      await mountRoot();
    },
    replaced: async () => {
      await unmountRoot();
      await (mode === 'live' ? mountRoot() : create());
    },
    revive: { start, startByHand: shellWords('runc', 'start', id) },
    restore: async () => restoreSettings(id, meta, root, await mask.mount()),
    restored: (pid) => putProcessInState(id, pid),
    started: async () => {
      await unmountRoot();
      await mask.unmount();
    },
    abort: async () => {
      await unmountRoot();
      await mask.unmount();
      if (created) await runc('delete', '--force', id);
      created = false;
    },
  };
}

function parseMeta(description: ContainerDescription): RuncMeta {
  const parsed = runcMeta.safeParse(description.meta);
  if (parsed.success) return parsed.data;
  throw new PhaulError('PROTOCOL_ERROR', 'The description of the container is malformed.', {
    cause: parsed.error,
  });
}

async function installed(ctx: DriverContext): Promise<Refusal[]> {
  return ctx.run('runc', ['--version']).then(
    () => [],
    () => [
      { code: 'TOOL_MISSING', message: 'runc is not installed.', hint: 'Install runc.', host: 'target' },
    ],
  );
}

async function nameFree(id: string): Promise<Refusal[]> {
  if (!(await exists(stateDirectory(id)))) return [];
  const hint = `Remove it there (runc delete ${id}), or choose another name with --dst-id.`;
  return [{ code: 'NAME_TAKEN', message: `runc already has a container ${id}.`, hint, host: 'target' }];
}

async function missing(paths: readonly string[]): Promise<Refusal[]> {
  const found = await Promise.all(paths.map(exists));
  return paths
    .filter((_, index) => !found[index])
    .map((path) => ({
      code: 'PATH_MISSING',
      message: `${path}, which is mounted into the container, does not exist.`,
      hint: 'Create it there first.',
      host: 'target',
    }));
}

/** A container whose init waits for `runc start`. */
async function createWaiting(id: string, meta: RuncMeta, ctx: DriverContext): Promise<void> {
  const log = join(ctx.directory, 'runc.log');
  try {
    await ctx.run('runc', ['--log', log, 'create', '--bundle', meta.bundle, id], { quiet: true });
  } catch (cause) {
    throw new PhaulError('DRIVER_FAILED', `runc on the target cannot create ${id}: ${await saidIn(log)}.`, {
      cause,
    });
  }
}

/** Its place is for another process. */
export async function endInit(id: string): Promise<void> {
  const { init_process_pid: pid } = await readState(id);
  process.kill(pid, 'SIGKILL');
  // Gone, or a zombie that only its parent can remove; either way it holds nothing any more.
  while (!['Z', 'X', undefined].includes(await processState(pid))) await sleep(2);
  // With this file there runc takes a container for created and not for running (libcontainer/container_linux.go, runType).
  await rm(join(stateDirectory(id), 'exec.fifo'), { force: true });
}

/** The last reason in a log of runc's. */
async function saidIn(log: string): Promise<string> {
  const messages = [...(await readFile(log, 'utf8').catch(() => '')).matchAll(/msg="((?:[^"\\]|\\.)*)"/g)];
  return messages.at(-1)?.[1] ?? 'no reason given';
}

async function processState(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text ? text.slice(text.lastIndexOf(')') + 2)[0] : undefined;
}

async function restoreSettings(
  id: string,
  meta: RuncMeta,
  root: string,
  mask: string,
): Promise<RestoreSettings> {
  const state = await readState(id);
  return {
    root,
    manageCgroups: 'soft',
    externalMounts: restoreMounts(state, meta.cgroupMounts, mask),
    inherit: meta.networkNamespace === null ? [] : [{ key: externalNetworkKey, path: meta.networkNamespace }],
  };
}

export async function putProcessInState(id: string, pid: number): Promise<void> {
  const state = await readState(id);
  const own = Object.entries(state.namespace_paths).map(([kind, path]) => [
    kind,
    path.replace(/^\/proc\/\d+\//, `/proc/${pid}/`),
  ]);
  const changed = {
    ...state,
    init_process_pid: pid,
    init_process_start: Number(await processStart(pid)),
    namespace_paths: Object.fromEntries(own) as Record<string, string>,
  };
  const temporary = `${stateFile(id)}.phaul`;
  await writeFile(temporary, JSON.stringify(changed), { mode: 0o600 });
  await rename(temporary, stateFile(id));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
