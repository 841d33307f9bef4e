import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { RestoreSettings } from '../../src/contracts/criu-settings.ts';
import type { ContainerDescription, TargetContainer } from '../../src/contracts/htype.ts';
import { PhaulError } from '../../src/errors.ts';
import { externalNetworkKey } from '../../src/linux/processes.ts';
import { restoreMounts } from '../runc/mounts.ts';
import { shellWords } from '../runc/shell.ts';
import { networkNamespaceOf, readState } from '../runc/state.ts';
import { putProcessInState } from '../runc/target.ts';
import { nameTaken, podmanTargetRefusals } from './check-target.ts';
import { makeContainer, openPlaces, type Undo } from './import.ts';
import { carryLog } from './log.ts';
import { podmanMeta, type PodmanMeta } from './meta.ts';
import { arrivals } from './places.ts';
import { startWaiting, type Waiting } from './waiting.ts';

/** The container-to-be: made by this host's podman before the first file comes. docs/podman.md tells how it gets a restored process. */
export function podmanTarget(description: ContainerDescription, ctx: DriverContext): TargetContainer {
  const meta = parseMeta(description);
  const { id } = meta;
  const undo: Undo[] = [];
  const root = join(ctx.directory, 'root');
  const log = carryLog(meta);
  let waiting: Waiting | null = null;
  let rootMounted = false;

  const unmountRoot = async (): Promise<void> => {
    if (rootMounted) await ctx.run('umount', ['-l', root], { abortable: false });
    rootMounted = false;
  };
  const closePlaces = async (): Promise<void> => {
    for (let step = places.pop(); step; step = places.pop()) await step();
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
        return (await readState(id)).init_process_pid;
      },
      startByHand: shellWords('podman', 'start', description.id),
    },
    restore: async (): Promise<RestoreSettings> => {
      await log.begin();
      waiting = await startWaiting(meta, ctx);
      const state = await readState(id);
      await mkdir(root, { recursive: true });
      await ctx.run('mount', ['--rbind', '--make-rprivate', state.config.rootfs, root]);
      rootMounted = true;
      const network = networkNamespaceOf(state);
      const { socket, pid } = waiting;
      return {
        root,
        manageCgroups: 'soft',
        externalMounts: restoreMounts(state, meta.cgroupMounts),
        inherit: [
          ...(network === null ? [] : [{ key: externalNetworkKey, path: network }]),
          ...meta.pipes.map(({ fd, key }) => ({ key, path: `/proc/${pid}/fd/${fd}`, writes: fd !== 0 })),
        ],
        standIn: socket,
      };
    },
    restored: async (pid) => {
      await Promise.all([log.finish(), putProcessInState(id, pid), waiting?.taken(pid)]);
    },
    started: async () => {
      await unmountRoot();
      await closePlaces();
      const came = arrivals(meta.graphRoot, id);
      await rm(came, { recursive: true, force: true });
      // Other containers may be on their way.
      await rmdir(dirname(came)).catch(() => undefined);
      await waiting?.ended();
    },
    abort: async () => {
      await waiting?.dismiss();
      await unmountRoot();
      await closePlaces();
      for (let step = undo.at(-1); step; step = undo.at(-1)) {
        await step();
        undo.pop();
      }
    },
  };
}

function parseMeta(description: ContainerDescription): PodmanMeta {
  const parsed = podmanMeta.safeParse(description.meta);
  if (parsed.success) return parsed.data;
  throw new PhaulError('PROTOCOL_ERROR', 'The description of the container is malformed.', {
    cause: parsed.error,
  });
}
