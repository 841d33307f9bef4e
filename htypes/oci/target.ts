import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { Mode } from '../../src/acts.ts';
import type { ContainerDescription, TargetContainer } from '../../src/contracts/htype.ts';
import type { RestoreSettings } from '../../src/contracts/criu-settings.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import { PhaulError, type Refusal } from '../../src/errors.ts';
import { externalNetworkKey } from '../../src/linux/processes.ts';
import { limitInnerCgroups, makeInnerCgroups } from '../common/inner-cgroups.ts';
import { cgroupRoots } from './cgroup-roots.ts';
import { logTo, saidIn } from './log.ts';
import { maskIn } from './masked.ts';
import { type OciMeta, ociMeta } from './meta.ts';
import { restoreMounts } from './mounts.ts';
import { type OciRuntime, stateDirectory, unifiedOf } from './runtime.ts';
import { shellWords } from './shell.ts';
import { cgroupOption, withoutSystemd } from './systemd.ts';
import { endInit, vacate, type Vacancy } from './vacate.ts';

/**
 * The container-to-be. While the container still runs on the source, this host's own runtime creates a container of that name from the
 * bundle, which shows early what would fail, and leaves its state, cgroups and mount points as this runtime makes them. Its
 * waiting init is then killed, and CRIU's restored tree takes that place: only pid and start time in the runtime's state change. In revive mode
 * that init goes on waiting until it is let run.
 */
export function ociTarget(
  runtime: OciRuntime,
  description: ContainerDescription,
  ctx: DriverContext,
): TargetContainer {
  const meta = parseMeta(description);
  const { id } = description;
  const root = join(ctx.directory, 'root');
  const log = join(ctx.directory, `${runtime.name}.log`);
  const mask = maskIn(ctx);
  let created = false;
  let mounted = false;
  let mode: Mode = 'live';
  let vacancy: Vacancy | null = null;
  let unified: string | null = null;

  const unmountRoot = async (): Promise<void> => {
    if (!mounted) return;
    await ctx.run('umount', ['-l', root], { abortable: false });
    mounted = false;
  };

  const mountRoot = async (): Promise<void> => {
    const { rootfs } = await runtime.readState(id);
    // CRIU wants a root that is a mount point (runc does the same, libcontainer/criu_linux.go, Restore).
    await mkdir(root, { recursive: true });
    await ctx.run('mount', ['--rbind', '--make-rprivate', rootfs, root]);
    mounted = true;
  };

  /** Once more, right before the deed: its undo would remove a container that is not ours. */
  const mustBeFree = async (): Promise<void> => {
    const [taken] = await nameFree(runtime, id);
    if (taken) throw new PhaulError(taken.code, taken.message, taken);
  };

  const create = async (): Promise<void> => {
    await mustBeFree();
    created = true;
    await createWaiting(runtime, id, meta, log, ctx);
  };

  const remove = async (): Promise<void> => {
    // runc's own way to kill one sleeps for 100 ms before it looks whether that has worked (delete.go, killContainer).
    await endInit(runtime, id);
    await ctx.run(runtime.name, ['delete', '--force', id], { abortable: false });
    created = false;
  };

  const start = async (): Promise<number> => {
    // What it has mounted may no longer be what lies there.
    if (meta.mountsFiles) {
      await remove();
      await create();
    }
    await ctx
      .run(runtime.name, [...logTo(log), 'start', id], { abortable: false })
      .catch(async (cause: unknown) => {
        throw await failed('START_FAILED', 'start', runtime, id, log, cause);
      });
    return (await runtime.readState(id)).pid;
  };

  return {
    refusals: async () => [
      ...(await installed(runtime, ctx)),
      ...(await nameFree(runtime, id)),
      ...withoutSystemd(id, meta.systemd),
      ...(await missing(description.needs)),
    ],
    prepare: async (chosen, again) => {
      mode = chosen;
      await mustBeFree();
      ctx.ifKilled(runtime.name, ['delete', '--force', id]);
      await create();
      if (mode === 'revive') return again ? remove() : undefined;
      vacancy = await vacate(runtime, id);
      unified = unifiedOf(await runtime.readState(id));
      await makeInnerCgroups(meta.innerCgroups, unified);
      await mountRoot();
    },
    replaced: async () => {
      await unmountRoot();
      await (mode === 'live' ? mountRoot() : create());
    },
    revive: { start, startByHand: shellWords(runtime.name, 'start', id) },
    live: {
      restore: async () => restoreSettings(runtime, id, meta, root, await mask.mount()),
      placed: async () => {
        await vacancy?.end();
        await limitInnerCgroups(meta.innerCgroups, unified);
      },
      restored: (pid) => runtime.putProcess(id, pid),
    },
    started: async () => {
      await unmountRoot();
      await mask.unmount();
    },
    abort: async () => {
      await vacancy?.end();
      await unmountRoot();
      await mask.unmount();
      if (created) await ctx.run(runtime.name, ['delete', '--force', id], { abortable: false });
      created = false;
    },
  };
}

function parseMeta(description: ContainerDescription): OciMeta {
  const parsed = ociMeta.safeParse(description.meta);
  if (parsed.success) return parsed.data;
  throw new PhaulError('PROTOCOL_ERROR', 'The description of the container is malformed.', {
    cause: parsed.error,
  });
}

async function installed({ name }: OciRuntime, ctx: DriverContext): Promise<Refusal[]> {
  const message = `${name} is not installed.`;
  return ctx.run(name, ['--version']).then(
    () => [],
    () => [{ code: 'TOOL_MISSING', message, hint: `Install ${name}.`, host: 'target' }],
  );
}

async function nameFree(runtime: OciRuntime, id: string): Promise<Refusal[]> {
  if (!(await exists(stateDirectory(runtime, id)))) return [];
  const { name } = runtime;
  const hint = `Remove it there (${name} delete ${id}), or choose another name with --dst-id.`;
  return [{ code: 'NAME_TAKEN', message: `${name} already has a container ${id}.`, hint, host: 'target' }];
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

/** A container whose init waits for `start`. */
async function createWaiting(
  runtime: OciRuntime,
  id: string,
  meta: OciMeta,
  log: string,
  ctx: DriverContext,
): Promise<void> {
  const words = [...logTo(log), ...cgroupOption(meta.systemd), 'create', '--bundle', meta.bundle, id];
  await ctx.run(runtime.name, words, { quiet: true }).catch(async (cause: unknown) => {
    throw await failed('DRIVER_FAILED', 'create', runtime, id, log, cause);
  });
}

async function failed(
  code: ErrorCode,
  verb: string,
  { name }: OciRuntime,
  id: string,
  log: string,
  cause: unknown,
): Promise<PhaulError> {
  const said = (await saidIn(log)) ?? 'no reason given';
  return new PhaulError(code, `${name} on the target cannot ${verb} ${id}: ${said}.`, {
    host: 'target',
    cause,
  });
}

async function restoreSettings(
  runtime: OciRuntime,
  id: string,
  meta: OciMeta,
  root: string,
  mask: string,
): Promise<RestoreSettings> {
  const state = await runtime.readState(id);
  return {
    root,
    manageCgroups: 'soft',
    cgroupRoots: await cgroupRoots(state),
    externalMounts: restoreMounts(state, meta.cgroupMounts, mask),
    inherit: meta.networkNamespace === null ? [] : [{ key: externalNetworkKey, path: meta.networkNamespace }],
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
