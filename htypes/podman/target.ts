import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { RestoreSettings } from '../../src/contracts/criu-settings.ts';
import type { ContainerDescription, TargetContainer } from '../../src/contracts/htype.ts';
import { PhaulError } from '../../src/errors.ts';
import { externalNetworkKey } from '../../src/linux/processes.ts';
import { terminalsTaken } from '../common/terminals.ts';
import { limitInnerCgroups, makeInnerCgroups } from '../common/inner-cgroups.ts';
import { cgroupRoots } from '../oci/cgroup-roots.ts';
import { maskIn } from '../oci/masked.ts';
import { restoreMounts } from '../oci/mounts.ts';
import { type OciRuntime, unifiedOf } from '../oci/runtime.ts';
import { runtimeOf } from '../oci/runtimes.ts';
import { shellWords } from '../oci/shell.ts';
import { nameTaken, podmanTargetRefusals } from './check-target.ts';
import { fillShm, makeContainer, openPlaces, type Undo } from './import.ts';
import { carryLog } from './log.ts';
import { podmanMeta, type PodmanMeta } from './meta.ts';
import { arrivals, arrivingLog, arrivingShm } from './places.ts';
import { startWaiting, type Waiting } from './waiting.ts';

/** The container-to-be: made by this host's podman before the first file comes. docs/podman.md tells how it gets a restored process. */
export function podmanTarget(description: ContainerDescription, ctx: DriverContext): TargetContainer {
  const { meta, runtime } = parseMeta(description);
  const { id } = meta;
  const undo: Undo[] = [];
  const root = join(ctx.directory, 'root');
  const log = carryLog(meta);
  const mask = maskIn(ctx);
  let waiting: Waiting | null = null;
  let rootMounted = false;
  let unified: string | null = null;

  const unmountRoot = async (): Promise<void> => {
    if (rootMounted) await ctx.run('umount', ['-l', root], { abortable: false });
    rootMounted = false;
  };
  const closePlaces = async (): Promise<void> => {
    await undone(places);
  };
  // What only the way here needs; taken away in the end, whatever that is.
  const places: Undo[] = [];

  return {
    refusals: () => podmanTargetRefusals(description, meta, ctx),
    prepare: async () => {
      const [taken] = await nameTaken(description.id, meta, ctx);
      if (taken) throw new PhaulError(taken.code, taken.message, taken);
      await makeContainer(meta, ctx, (step) => undo.push(step));
      await openPlaces(
        meta,
        ctx,
        (step) => undo.push(step),
        (step) => places.push(step),
      );
    },
    revive: {
      start: async () => {
        await log.begin();
        await closePlaces();
        await ctx.run('podman', ['start', id], { abortable: false, quiet: true }).catch((cause: unknown) => {
          throw new PhaulError('START_FAILED', `podman on the target cannot start ${description.id}.`, {
            host: 'target',
            cause,
          });
        });
        return (await runtime.readState(id)).pid;
      },
      startByHand: shellWords('podman', 'start', description.id),
    },
    complete: () => fillShm(meta, ctx),
    live: {
      restore: async (): Promise<RestoreSettings> => {
        await log.begin();
        waiting = await startWaiting(meta, runtime, ctx);
        const { socket, pid, state } = waiting;
        unified = unifiedOf(state);
        await makeInnerCgroups(meta.innerCgroups, unified);
        await mkdir(root, { recursive: true });
        await ctx.run('mount', ['--rbind', '--make-rprivate', state.rootfs, root]);
        rootMounted = true;
        const network = state.networkNamespace;
        const terminals = terminalsTaken(waiting.terminals);
        return {
          root,
          manageCgroups: 'soft',
          cgroupRoots: await cgroupRoots(state),
          externalMounts: [
            ...restoreMounts(state, meta.cgroupMounts, await mask.mount()),
            ...terminals.externalMounts,
          ],
          inherit: [
            ...(network === null ? [] : [{ key: externalNetworkKey, path: network }]),
            ...meta.pipes.map(({ fd, key }) => {
              const opened: 'read' | 'write' = fd === 0 ? 'read' : 'write';
              return { key, path: `/proc/${pid}/fd/${fd}`, opened };
            }),
            ...terminals.inherit,
          ],
          standIn: socket,
        };
      },
      placed: async () => {
        await waiting?.placed();
        await limitInnerCgroups(meta.innerCgroups, unified);
      },
      restored: async (pid) => {
        await Promise.all([log.finish(), runtime.putProcess(id, pid), waiting?.taken(pid)]);
      },
    },
    started: async () => {
      await waiting?.ended();
      await unmountRoot();
      await mask.unmount();
      await closePlaces();
      for (const came of [arrivingLog(meta.graphRoot, id), arrivingShm(meta.graphRoot, id)])
        await rm(came, { recursive: true, force: true });
      const came = arrivals(meta.graphRoot, id);
      await rmdir(came);
      // Other containers may be on their way.
      await rmdir(dirname(came)).catch(() => undefined);
    },
    abort: async () => {
      await waiting?.dismiss();
      await unmountRoot();
      await mask.unmount();
      await closePlaces();
      await undone(undo);
    },
  };
}

/** The last deed first. What fails stays, for another time. */
async function undone(deeds: Undo[]): Promise<void> {
  for (let undo = deeds.at(-1); undo; undo = deeds.at(-1)) {
    await undo();
    deeds.pop();
  }
}

function parseMeta({ id, meta }: ContainerDescription): { meta: PodmanMeta; runtime: OciRuntime } {
  const { success, data, error } = podmanMeta.safeParse(meta);
  const runtime = success ? runtimeOf(data.config.runtime) : null;
  // podman makes what its own description says.
  if (success && runtime && data.config['id'] === data.id && data.config['name'] === id)
    return { meta: data, runtime };
  throw new PhaulError('PROTOCOL_ERROR', 'The description of the container is malformed.', { cause: error });
}
