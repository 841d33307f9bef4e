import { readlink, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Mode } from '../../src/acts.ts';
import type { DriverContext, Json, Tree } from '../../src/contracts/context.ts';
import type { Command, HTypeOptions, SourceContainer } from '../../src/contracts/htype.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import { PhaulError } from '../../src/errors.ts';
import { isWithin } from '../../src/linux/mounts.ts';
import { processTree, sharedWritableFiles } from '../../src/linux/processes.ts';
import { terminalsOf } from '../common/terminals.ts';
import { innerCgroupsOf } from '../common/inner-cgroups.ts';
import { ociLive } from '../oci/live.ts';
import { cgroupMounts } from '../oci/mounts.ts';
import { type OciRuntime, type OciState, unifiedOf } from '../oci/runtime.ts';
import { runtimeOf } from '../oci/runtimes.ts';
import { exported } from './export.ts';
import { type Inspected, inspect, podmanHost, type PodmanHost } from './inspect.ts';
import type { PodmanMeta } from './meta.ts';
import { networkRefusals, networksOf } from './networks.ts';
import { arrivingLayer, arrivingLog, arrivingShm, imageTree, shmDirectory } from './places.ts';
import { podmanRefusals } from './refusals.ts';
import { podmanWarnings } from './warnings.ts';
import { podmanRevival } from './revival.ts';

/** A running container of podman's. @throws CONTAINER_STATE if it does not run, CONTAINER_UNSUPPORTED if phaul does not know how it is kept */
export async function podmanSource(
  name: string,
  options: HTypeOptions,
  ctx: DriverContext,
): Promise<SourceContainer> {
  const found = await inspect(name, ctx);
  const { Id: id, State: now } = found;
  // podman also takes the beginning of an id for a name.
  if (found.Name !== name)
    throw new PhaulError('CONTAINER_UNKNOWN', `podman knows no container of the name ${name}.`);
  if (now.Status !== 'running')
    throw new PhaulError('CONTAINER_STATE', `The container ${name} is ${now.Status}.`, { host: 'source' });
  const { runtime, upper } = mustBeMovable(found);
  const [host, state] = await Promise.all([podmanHost(ctx), runtime.readState(id)]);
  const target = options.targetId ?? name;
  const description = await exported(id, found.OCIRuntime, found.StaticDir, ctx);
  const { trees, needs, places } = await filesOf(found, host, state, upper, options.mode);
  const network = state.networkNamespace;
  const given = found.HostConfig.NetworkMode === `ns:${network}`;
  const [pipes, terminals] = await Promise.all([conmonPipes(now.Pid), terminalsOf(now.Pid)]);
  const live = await ociLive(state, terminals);
  const networks = await networksOf(found, ctx);
  const removal = removalOf(id);
  ctx.ifKilled(removal.command, removal.args, 'moved');
  const meta: PodmanMeta = {
    id,
    image: { id: found.Image, name: found.ImageName },
    version: host.version.Version,
    graphRoot: host.store.graphRoot,
    runRoot: host.store.runRoot,
    ...description,
    config: { ...description.config, name: target, runtime: found.OCIRuntime },
    volumes: await volumesOf(found, ctx),
    shmBytes: options.mode === 'revive' ? null : shmBytesOf(description.config),
    log: logOf(found),
    networks: networks.map((each) => each.name),
    pipes,
    terminals,
    systemd: state.systemd,
    innerCgroups: await innerCgroupsOf(unifiedOf(state)),
    cgroupMounts: await cgroupMounts(state),
  };
  return {
    description: {
      htype: 'podman',
      id: target,
      trees,
      needs,
      meta: JSON.parse(JSON.stringify(meta)) as Json,
    },
    pid: now.Pid,
    network: network !== null && given ? { namespace: network } : null,
    live: {
      ...live,
      dump: { ...live.dump, pipes: pipes.map(({ key }) => key) },
      dismissKeeper: endConmon(found),
    },
    refusals: (mode) => {
      for (const warning of podmanWarnings(found, mode)) ctx.warn(warning);
      return Promise.resolve([
        ...podmanRefusals(found, mode),
        ...(mode === 'live' ? networkRefusals(networks) : []),
      ]);
    },
    mappedFiles: async () => {
      const paths = await sharedWritableFiles(await processTree(now.Pid));
      const inside = [...places].sort((one, other) => other.inside.length - one.inside.length);
      return paths.flatMap((path) => {
        const place = inside.find((each) => isWithin(each.inside, path));
        return place ? [join(place.host, relative(place.inside, path))] : [];
      });
    },
    revive: podmanRevival(id, name, ctx),
    release: async () => {
      await ctx.run(removal.command, removal.args, { abortable: false });
    },
  };
}

/** Its runtime, and the directory of its writable layer. @throws CONTAINER_UNSUPPORTED, ROOTFS_UNSUPPORTED */
function mustBeMovable(found: Inspected): { runtime: OciRuntime; upper: string } {
  const refused = (code: ErrorCode, message: string, hint: string): PhaulError =>
    new PhaulError(code, message, { hint, host: 'source' });
  const runtime = runtimeOf(found.OCIRuntime);
  if (runtime === null)
    throw refused(
      'CONTAINER_UNSUPPORTED',
      `${found.Name} is run by ${found.OCIRuntime}; phaul moves podman's containers only if runc or crun runs them.`,
      'Make it anew with --runtime crun or --runtime runc.',
    );
  // podman does not even describe it to another podman.
  if (found.Dependencies.length > 0)
    throw refused(
      'CONTAINER_UNSUPPORTED',
      `${found.Name} uses namespaces of other containers (${found.Dependencies.map((id) => id.slice(0, 12)).join(', ')}), which stay here.`,
      'Give it namespaces of its own, and make it anew outside of a pod.',
    );
  const upper = found.GraphDriver.Data.UpperDir;
  if (found.Driver !== 'overlay' || upper === undefined || found.Rootfs !== '')
    throw refused(
      'ROOTFS_UNSUPPORTED',
      `The root file system of ${found.Name} is not in podman's overlay storage.`,
      'Make it anew from an image, with the storage driver overlay.',
    );
  return { runtime, upper };
}

interface Place {
  readonly inside: string;
  readonly host: string;
}

/** What has to be on the target: what the container wrote over its image, its output so far, /dev/shm, volumes, directories mounted writable. */
async function filesOf(
  found: Inspected,
  { store }: PodmanHost,
  { binds: mounted }: OciState,
  upper: string,
  mode: Mode | undefined,
): Promise<{ trees: Tree[]; needs: string[]; places: Place[] }> {
  const shm = shmDirectory(store.graphRoot, found.Id);
  const log = logOf(found);
  // podman makes its own single files (hosts, resolv.conf, …) anew on each host.
  const own = [found.StaticDir, join(store.runRoot, 'overlay-containers', found.Id)];
  const binds = mounted.filter(
    ({ source }) => source === shm || !own.some((directory) => isWithin(directory, source)),
  );
  const sorted = await Promise.all(
    binds.map(async (bind) => ({
      ...bind,
      moves: !bind.readOnly && (await stat(bind.source)).isDirectory(),
    })),
  );
  // What is at /dev/shm ends with the container.
  const ends = mode === 'revive' ? shm : null;
  const moving = [
    ...new Set(sorted.flatMap(({ moves, source }) => (moves && source !== ends ? [source] : []))),
  ];
  const trees = moving
    .filter((path) => !moving.some((other) => other !== path && isWithin(other, path)))
    .map((path) => ({
      source: path,
      target: path === shm ? arrivingShm(store.graphRoot, found.Id) : path,
    }));
  const kept = sorted.filter(
    ({ moves, source }) => !moves && source !== shm && !moving.some((tree) => isWithin(tree, source)),
  );
  return {
    trees: [
      imageTree(store.graphRoot, found.Image),
      { source: upper, target: arrivingLayer(store.graphRoot, found.Id) },
      ...(log === null ? [] : [{ source: log, target: arrivingLog(store.graphRoot, found.Id) }]),
      ...trees,
    ],
    needs: kept.map(({ source }) => source),
    places: [
      { inside: '/', host: upper },
      ...binds.map(({ destination, source }) => ({ inside: destination, host: source })),
    ],
  };
}

/** Only where podman's own default puts it: any other place is the user's. */
function logOf({ StaticDir, HostConfig }: Inspected): string | null {
  const { Path } = HostConfig.LogConfig;
  return Path === join(StaticDir, 'ctr.log') ? Path : null;
}

function shmBytesOf({ shmSize }: Record<string, unknown>): number | null {
  return typeof shmSize === 'number' && shmSize > 0 ? shmSize : null;
}

async function volumesOf(found: Inspected, ctx: DriverContext): Promise<PodmanMeta['volumes']> {
  const names = found.Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name ? [Name] : []));
  if (names.length === 0) return [];
  const all = JSON.parse(await ctx.run('podman', ['volume', 'inspect', ...names])) as {
    Name: string;
    Labels?: Record<string, string> | null;
  }[];
  return all.map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} }));
}

/** Its standard files that lead to conmon. */
async function conmonPipes(pid: number): Promise<PodmanMeta['pipes']> {
  const found = await Promise.all(
    ([0, 1, 2] as const).map(async (fd) => ({
      fd,
      key: await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''),
    })),
  );
  return found.filter(({ key }) => key.startsWith('pipe:['));
}

/** Without conmon podman learns only by the first attempt, which fails, that the container has ended. */
function removalOf(id: string): Command {
  const once = `podman rm --force --time 0 --ignore ${id}`;
  return { command: 'sh', args: ['-c', `${once} 2>/dev/null || ${once}`] };
}

/** By its arguments it is told from another process that has come to its number. */
function endConmon({ Id, State }: Inspected): Command {
  const script = 'if tr "\\0" " " <"/proc/$1/cmdline" | grep -q -- " -c $2 "; then kill -KILL "$1"; fi';
  return { command: 'sh', args: ['-c', script, 'sh', String(State.ConmonPid ?? 0), Id] };
}
