import { type Mount, readMounts } from '../../linux/mounts.ts';
import type { SourceContainer } from '../../contracts/htype.ts';
import type { MigrateOptions } from '../options.ts';
import { type Member, namespacesOf, readMembers } from './member.ts';

/** What all looks for surprises share. */
export interface Scene {
  /** The root of the tree first. */
  readonly members: readonly Member[];
  /** The namespaces in which phaul runs, and CRIU. */
  readonly host: Readonly<Record<string, string>>;
  /** Every mount that one of the processes sees, by its id. */
  readonly mounts: ReadonlyMap<number, Mount>;
  readonly container: Partial<Pick<SourceContainer, 'network' | 'live' | 'description'>>;
  readonly options: Pick<MigrateOptions, 'shellJob' | 'tcp'>;
  /** Aborted: nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export async function scene(
  pids: readonly number[],
  container: Scene['container'],
  options: Scene['options'],
  signal: Scene['signal'],
): Promise<Scene> {
  const members = await readMembers(pids);
  const spaces = new Map(members.map(({ pid, namespaces }) => [namespaces['mnt'], pid]));
  const lists = await Promise.all([...spaces.values()].map((pid) => readMounts(pid).catch(() => [])));
  const mounts = new Map(lists.flat().map((mount) => [mount.id, mount]));
  return { members, host: await namespacesOf('self'), mounts, container, options, signal };
}
