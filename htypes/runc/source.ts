import { stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { DriverContext, Tree } from '../../src/contracts/context.ts';
import type { HTypeOptions, SourceContainer } from '../../src/contracts/htype.ts';
import { PhaulError, type Refusal } from '../../src/errors.ts';
import { externalNetwork, processTree, sharedWritableFiles } from '../../src/linux/processes.ts';
import type { RuncMeta } from './meta.ts';
import { cgroupMounts, dumpMounts } from './mounts.ts';
import { bindMounts, bundleOf, networkNamespaceOf, readState, type RuncState } from './state.ts';

/** A running container of runc's. @throws CONTAINER_STATE if it does not run. */
export async function runcSource(
  name: string,
  options: HTypeOptions,
  ctx: DriverContext,
): Promise<SourceContainer> {
  const state = await readState(name);
  const { status } = JSON.parse(await ctx.run('runc', ['state', name])) as { status: string };
  if (status !== 'running')
    throw new PhaulError('CONTAINER_STATE', `The container ${name} is ${status}.`, { host: 'source' });
  const bundle = bundleOf(state);
  const network = networkNamespaceOf(state);
  const files = await filesOf(state, bundle);
  const meta: RuncMeta = { bundle, networkNamespace: network, cgroupMounts: await cgroupMounts(state) };
  return {
    description: {
      htype: 'runc',
      id: options.targetId ?? name,
      trees: files.trees,
      needs: files.needs,
      meta: { ...meta, cgroupMounts: meta.cgroupMounts.map((mount) => ({ ...mount })) },
    },
    fs: 'rsync',
    pid: state.init_process_pid,
    networkNamespace: network,
    dump: {
      root: state.config.rootfs,
      manageCgroups: 'soft',
      externalMounts: await dumpMounts(state),
      external: network === null ? [] : [await externalNetwork(network)],
    },
    refusals: () => Promise.resolve(standardFiles(state)),
    mappedFiles: () => mappedFiles(state),
    hold: async () => {
      await ctx.run('runc', ['pause', name], { abortable: false });
      return { remove: `runc delete --force ${name}`, resume: `runc resume ${name}` };
    },
    release: async () => {
      await ctx.run('runc', ['delete', '--force', name], { abortable: false });
    },
  };
}

/**
 * What has to be on the target: the bundle, the root file system if it is elsewhere, and the directories mounted writable into the
 * container. Single files (resolv.conf) and what is mounted read-only are the host's own and must be there already.
 */
async function filesOf(state: RuncState, bundle: string): Promise<{ trees: Tree[]; needs: string[] }> {
  const binds = await Promise.all(
    bindMounts(state).map(async ({ source, readOnly }) => {
      const isDirectory = await stat(source).then(
        (found) => found.isDirectory(),
        () => false,
      );
      return { source, moves: isDirectory && !readOnly };
    }),
  );
  const moving = [
    bundle,
    state.config.rootfs,
    ...binds.filter(({ moves }) => moves).map(({ source }) => source),
  ];
  const outermost = moving.filter(
    (path, index) => !moving.some((other, at) => contains(other, path) && (other !== path || at < index)),
  );
  return {
    trees: outermost.map((path) => ({ source: path, target: path })),
    needs: binds.filter(({ moves }) => !moves).map(({ source }) => source),
  };
}

function contains(outer: string, inner: string): boolean {
  const path = relative(outer, inner);
  return !path.startsWith('..') && !path.startsWith('/');
}

/** Descriptors 0 to 2 that lead out of the container cannot be dumped. */
function standardFiles(state: RuncState): Refusal[] {
  const outside = (state.external_descriptors ?? []).filter((path) => path !== '/dev/null');
  if (outside.length === 0) return [];
  const message = `The standard input or output of ${state.id} leads out of the container (${outside.map((path) => basename(path) && path).join(', ')}).`;
  const hint = `Start it with its standard files at /dev/null: cd ${dirname(state.config.rootfs)}; runc run -d ${state.id} </dev/null >/dev/null 2>&1.`;
  return [{ code: 'CONTAINER_UNSUPPORTED', message, hint, host: 'source' }];
}

async function mappedFiles(state: RuncState): Promise<string[]> {
  const paths = await sharedWritableFiles(await processTree(state.init_process_pid));
  const binds = bindMounts(state).sort((a, b) => b.destination.length - a.destination.length);
  return paths.map((path) => {
    const bind = binds.find(({ destination }) => contains(destination, path));
    return bind ? join(bind.source, relative(bind.destination, path)) : join(state.config.rootfs, path);
  });
}
