import { mkdir, rename, rm, rmdir, statfs, writeFile } from 'node:fs/promises';
import type { Mode } from '../../src/acts.ts';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { ContainerDescription, TargetContainer } from '../../src/contracts/htype.ts';
import type { RestoreSettings } from '../../src/contracts/criu-settings.ts';
import { asPhaulError, PhaulError } from '../../src/errors.ts';
import { externalNetworkKey } from '../../src/linux/processes.ts';
import { limitInnerCgroups, makeInnerCgroups } from '../common/inner-cgroups.ts';
import { terminalsTaken } from '../common/terminals.ts';
import { ends } from './info.ts';
import { cgroupsSaid, directoryFor, writeLimits } from './limits.ts';
import { type LxcMeta, lxcMeta } from './meta.ts';
import { placeOf } from './place.ts';
import { type Monitor, startMonitor } from './monitor.ts';
import { startByHand, startLock, startLxc } from './revival.ts';
import { nameFree, targetRefusals } from './target-refusals.ts';

/**
 * The container-to-be. In live mode LXC itself restores it, as it does by lxc-checkpoint, except that CRIU is a stand-in (monitor.ts): while the container still
 * runs on the source LXC makes its cgroups and becomes its monitor, and then waits for CRIU. In either mode LXC does not know the container before it belongs here:
 * else whoever starts all containers at boot would start this one, too.
 */
export function lxcTarget(description: ContainerDescription, ctx: DriverContext): TargetContainer {
  const meta = parseMeta(description);
  const { id } = description;
  const place = placeOf(meta.lxcPath, id);
  let monitor: Monitor | null = null;
  let unified: string | null = null;
  let made: string | undefined;
  let coming = false;
  let known = false;
  let starting: Promise<unknown> = Promise.resolve();

  /** Once more, right before the deed: its undo would remove a container that is not ours. */
  const mustBeFree = (): void => {
    const [taken] = nameFree(id, place);
    if (taken) throw new PhaulError(taken.code, taken.message, taken);
  };
  const becomeKnown = async (): Promise<void> => {
    if (known) return;
    await rename(place.coming, place.config);
    await rm(place.left, { force: true });
    known = true;
  };
  return {
    refusals: () => targetRefusals(description, meta, place, ctx),
    prepare: async (mode: Mode) => {
      mustBeFree();
      made = await mkdir(place.directory, { recursive: true });
      coming = true;
      ctx.ifKilled('rm', ['-f', '--', place.coming]);
      ctx.ifKilled(
        'sh',
        ['-c', '[ ! -e "$1" ] || mv -f -- "$1" "$2"', 'sh', place.coming, place.config],
        'moved',
      );
      const config = await configHere(meta);
      await writeFile(place.coming, config);
      if (mode === 'revive') return;
      monitor = await startMonitor(id, { ...meta, config }, ctx);
      const cgroups = cgroupsSaid(monitor.said('--cgroup-root'));
      await writeLimits(meta.limits, cgroups);
      unified = directoryFor('', cgroups);
      await makeInnerCgroups(meta.innerCgroups, unified);
    },
    replaced: async () => {
      await monitor?.mountAgain(meta.rootfs);
    },
    live: {
      restore: async (): Promise<RestoreSettings> => {
        if (!monitor) throw new PhaulError('INTERNAL', 'The container was not prepared.');
        const [root = ''] = monitor.said('--root');
        const terminals = terminalsTaken(monitor.terminals);
        return {
          root,
          manageCgroups: 'soft',
          cgroupRoots: [...cgroupsSaid(monitor.said('--cgroup-root'))].map(([controller, path]) => ({
            controller,
            path,
          })),
          externalMounts: [
            ...meta.mounts.map(({ at, from }) => ({ key: at, value: from })),
            ...terminals.externalMounts,
          ],
          inherit: [
            ...(meta.networkNamespace === null
              ? []
              : [{ key: externalNetworkKey, path: meta.networkNamespace }]),
            ...terminals.inherit,
          ],
          standIn: monitor.standIn,
        };
      },
      placed: () => limitInnerCgroups(meta.innerCgroups, unified),
    },
    started: async () => {
      await becomeKnown();
      await monitor?.settled();
      if (monitor) await allowDevices(id, meta, ctx);
    },
    revive: {
      start: () => {
        // lxc-start outlives phaul: it is heard out, and what has come of it ended, before the source takes the container back.
        ctx.ifKilled('flock', [startLock(ctx), 'sh', '-c', ending, 'sh', id, place.config]);
        const start = becomeKnown().then(() => startLxc(id, ctx));
        starting = start.catch(() => undefined);
        return start.catch((cause: unknown) => {
          const message = `LXC on the target cannot start ${id}: ${asPhaulError(cause).message}`;
          throw new PhaulError('START_FAILED', message, { host: 'target', cause });
        });
      },
      startByHand: startByHand(id),
    },
    abort: async () => {
      await monitor?.dismiss();
      monitor = null;
      // One that comes to life later would stay.
      await starting;
      if (known) {
        await ctx.attempt('lxc-stop', ['-k', '-n', id], { abortable: false });
        await ends(id, endSeconds, ctx);
        await rm(place.config, { force: true });
        known = false;
      }
      if (coming) await rm(place.coming, { force: true });
      if (made !== undefined) await rmdir(place.directory).catch(() => undefined);
      coming = false;
    },
  };
}

const endSeconds = 10;

// $1: the container, $2: its configuration.
const ending = `
[ -e "$2" ] || exit 0
lxc-stop -k -n "$1"; lxc-wait -n "$1" -s STOPPED -t ${endSeconds}
rm -f -- "$2"`;

function parseMeta(description: ContainerDescription): LxcMeta {
  const parsed = lxcMeta.safeParse(description.meta);
  if (parsed.success) return parsed.data;
  throw new PhaulError('PROTOCOL_ERROR', 'The description of the container is malformed.', {
    cause: parsed.error,
  });
}

const btrfsMagic = 0x9123683e;

/** What was a subvolume may be a directory here. */
async function configHere({ config, rootfs }: LxcMeta): Promise<string> {
  const type = await statfs(rootfs).then(
    (found) => found.type,
    () => null,
  );
  return type === btrfsMagic ? config : config.replace(/^(\s*lxc\.rootfs\.path\s*=\s*)btrfs:/m, '$1dir:');
}

async function allowDevices(id: string, { devices }: LxcMeta, ctx: DriverContext): Promise<void> {
  for (const { file, value } of devices)
    await ctx.run('lxc-cgroup', ['-n', id, file, value], { abortable: false }).catch((error: unknown) => {
      ctx.warn(
        `${id}: ${file} ${value} does not hold until it is started anew: ${asPhaulError(error).message}`,
      );
    });
}
