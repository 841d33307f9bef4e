import type { DumpSettings } from '../contracts/criu-settings.ts';
import { isWithin, type Mount } from '../linux/mounts.ts';

/**
 * What CRIU is told of a container, but of mounts from outside that show the same, or one a part of the other, only of one: from that CRIU makes the others. Told of all it
 * would leave out the options of those that have the same as the first (criu/mount-v2.c, do_bind_mount_v2), and a mount that is read-only would become writable.
 * @param mounts what the container sees
 */
export function withoutRepeats(settings: DumpSettings, mounts: readonly Mount[]): DumpSettings {
  const { externalMounts } = settings;
  if (externalMounts === undefined) return settings;
  const keys = new Set(externalMounts.map(({ key }) => key));
  const outside = mounts.filter(({ path }) => keys.has(path));
  const repeats = outside.filter((mount, index) =>
    outside.some(
      (other, at) =>
        other.device === mount.device &&
        (other.root === mount.root ? at < index : isWithin(other.root, mount.root)),
    ),
  );
  const left = new Set(repeats.map(({ path }) => path));
  return { ...settings, externalMounts: externalMounts.filter(({ key }) => !left.has(key)) };
}
