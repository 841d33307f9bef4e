import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { DriverContext, Json, Tree } from '../../src/contracts/context.ts';
import type { HTypeOptions, SourceContainer } from '../../src/contracts/htype.ts';
import { PhaulError, type Refusal } from '../../src/errors.ts';
import { processTree, sameNamespace, sharedWritableFiles } from '../../src/linux/processes.ts';
import { innerCgroupsOf } from '../common/inner-cgroups.ts';
import { keptByAnother } from './keeper.ts';
import type { OciMeta } from './meta.ts';
import { cgroupMounts } from './mounts.ts';
import { ociLive } from './live.ts';
import { ociRevival } from './revival.ts';
import { type OciRuntime, type OciState, unifiedOf } from './runtime.ts';
import { stopSignalOf, unknownSignal } from './stop-signal.ts';

/** A running container of a runtime's. @throws CONTAINER_STATE if it does not run. */
export async function ociSource(
  runtime: OciRuntime,
  name: string,
  options: HTypeOptions,
  ctx: DriverContext,
): Promise<SourceContainer> {
  const state = await runtime.readState(name);
  const { status } = JSON.parse(await ctx.run(runtime.name, ['state', name])) as { status: string };
  if (status !== 'running')
    throw new PhaulError('CONTAINER_STATE', `The container ${name} is ${status}.`, { host: 'source' });
  const { bundle, networkNamespace: network } = state;
  const files = await filesOf(state);
  ctx.ifKilled(runtime.name, ['delete', '--force', name], 'moved');
  const meta: OciMeta = {
    bundle,
    networkNamespace: network,
    mountsFiles: files.mountsFiles,
    systemd: state.systemd,
    innerCgroups: await innerCgroupsOf(unifiedOf(state)),
    cgroupMounts: await cgroupMounts(state),
  };
  return {
    description: {
      htype: runtime.name,
      id: options.targetId ?? name,
      trees: files.trees,
      needs: files.needs,
      meta: JSON.parse(JSON.stringify(meta)) as Json,
    },
    pid: state.pid,
    network: network === null ? null : { namespace: network },
    live: await ociLive(state),
    refusals: async (mode) => {
      // What a standard file outside of the container means there, phaul itself sees.
      if (mode === 'live') return [];
      warnOfStandardFiles(state, ctx);
      return [
        ...(await keptByAnother(state)),
        ...(await withoutOwnPids(state)),
        ...(await unknownSignal(name, bundle)),
      ];
    },
    mappedFiles: () => mappedFiles(state),
    revive: ociRevival(runtime, state, await stopSignalOf(bundle), ctx),
    release: async () => {
      await ctx.run(runtime.name, ['delete', '--force', name], { abortable: false });
    },
  };
}

/**
 * What has to be on the target: the bundle, the root file system if it is elsewhere, and the directories mounted writable into the
 * container. Single files (resolv.conf) and what is mounted read-only are the host's own and must be there already.
 */
async function filesOf({
  bundle,
  rootfs,
  binds: mounted,
}: OciState): Promise<{ trees: Tree[]; needs: string[]; mountsFiles: boolean }> {
  const binds = await Promise.all(
    mounted.map(async ({ source, readOnly }) => {
      const isDirectory = await stat(source).then(
        (found) => found.isDirectory(),
        () => false,
      );
      return { source, moves: isDirectory && !readOnly };
    }),
  );
  const moving = [bundle, rootfs, ...binds.filter(({ moves }) => moves).map(({ source }) => source)];
  const devices = await Promise.all(moving.map(async (path) => (await stat(path)).dev));
  // What lies on another file system than the tree around it, a btrfs subvolume for instance, may want another driver.
  const own = moving.filter(
    (path, index) =>
      !moving.some(
        (other, at) =>
          contains(other, path) && (other === path ? at < index : devices[at] === devices[index]),
      ),
  );
  const kept = binds.filter(({ moves }) => !moves).map(({ source }) => source);
  const travels = (path: string): boolean => own.some((tree) => contains(tree, path));
  return {
    trees: own.map((path) => ({ source: path, target: path })),
    needs: kept.filter((path) => !travels(path)),
    mountsFiles: kept.some(travels),
  };
}

function contains(outer: string, inner: string): boolean {
  const path = relative(outer, inner);
  return !path.startsWith('..') && !path.startsWith('/');
}

/** The end of such a container's first process is not the end of all of them. */
async function withoutOwnPids({ id, pid }: OciState): Promise<Refusal[]> {
  if (!(await sameNamespace('pid', pid, 'self'))) return [];
  const message = `${id} has no PID namespace of its own: when it is stopped, some of its processes may go on.`;
  const hint = 'Move it in live mode, or give it a PID namespace in its config.json.';
  return [{ code: 'CONTAINER_UNSUPPORTED', message, hint, host: 'source' }];
}

/** A runtime does not keep where a container's output went. */
function warnOfStandardFiles({ id, standardFiles }: OciState, ctx: DriverContext): void {
  const outside = standardFiles.filter((path) => path !== '/dev/null');
  if (outside.length > 0)
    ctx.warn(
      `The standard files of ${id} (${outside.join(', ')}) will be /dev/null when it has been started again.`,
    );
}

async function mappedFiles(state: OciState): Promise<string[]> {
  const paths = await sharedWritableFiles(await processTree(state.pid));
  const binds = [...state.binds].sort((a, b) => b.destination.length - a.destination.length);
  return paths.map((path) => {
    const bind = binds.find(({ destination }) => contains(destination, path));
    return bind ? join(bind.source, relative(bind.destination, path)) : join(state.rootfs, path);
  });
}
