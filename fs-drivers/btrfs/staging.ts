import { randomBytes } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import { beside } from '../../src/contracts/paths.ts';

/**
 * A directory of one migration, beside a tree and so on the same file system and in the same subvolume. In it are the snapshots on the
 * source; on the target `in`, a subvolume of its own that snapshots are received into, `tree`: what the first round brought, until it has
 * changed places with what had been there, and `last` likewise: what the last round brought, then what the first had.
 */
export interface Staging {
  readonly at: (name: string) => string;
  /** Removes it and all that is in it. Idempotent. */
  readonly remove: () => Promise<void>;
  /** Target: gives the tree back its place before. Idempotent. */
  readonly undo: () => Promise<void>;
}

// A subvolume is removed at once, whatever is in it. What is not one, or has others in it, takes longer. Nothing is removed that is on
// another file system; and 256 is the inode number of subvolumes' roots alone.
const removal = `
for entry in "$1"/in/* "$1"/in "$1"/r* "$1"/tree "$1"/last "$1"/undone; do
  if [ -d "$entry" ] && [ ! -L "$entry" ] && [ "$(stat -c %i -- "$entry")" = 256 ]; then
    btrfs subvolume delete "$entry" >/dev/null 2>&1
  fi
done
if [ -n "$(ls -A -- "$1" 2>/dev/null)" ]; then
  find "$1" -depth -type d -inum 256 -exec btrfs subvolume delete {} ';' >/dev/null 2>&1
  rm -rf --one-file-system -- "$1"
fi
[ ! -d "$1" ] || rmdir -- "$1"
result=$?
shift 2
for parent; do rmdir --ignore-fail-on-non-empty -- "$parent" 2>/dev/null; done
exit $result`;

// `id` names those that this migration has put there, or is about to: one a line. No other subvolume ever gets such an id.
const restoration = `
id=$(btrfs inspect-internal rootid "$2" 2>/dev/null)
if [ -n "$id" ] && grep -qxF "$id" "$1/id" 2>/dev/null; then
  mv -T -- "$2" "$1/undone" || exit
  if [ -e "$1/tree" ] || [ -L "$1/tree" ]; then mv -T -- "$1/tree" "$2" || exit; fi
fi`;

/** Makes it, and the directories above that are missing; notes what undoes that, and all that is done with its help. */
export async function makeStaging(tree: string, ctx: DriverContext): Promise<Staging> {
  const shelter = beside(tree, 'btrfs');
  const directory = join(shelter, randomBytes(8).toString('hex'));
  const script = (text: string, parents: readonly string[]): string[] =>
    ['-c', text, 'sh', directory, tree].concat(parents);
  const undoing = (parents: readonly string[]): string[] => script(`${restoration}\n${removal}`, parents);
  const parents = await missing(dirname(tree));
  ctx.ifKilled('sh', undoing([shelter, ...parents]));
  ctx.ifKilled('sh', script(removal, [shelter]), 'moved');
  await mkdir(dirname(tree), { recursive: true, mode: 0o755 });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const run = (args: readonly string[]): Promise<void> =>
    ctx.run('sh', args, { abortable: false }).then(() => undefined);
  return {
    at: (name) => join(directory, name),
    remove: () => run(script(removal, [shelter])),
    undo: () => run(undoing([shelter, ...parents])),
  };
}

/** The directory and those above it that do not exist, innermost first. */
async function missing(directory: string): Promise<string[]> {
  const found = await lstat(directory).catch(() => null);
  return found ? [] : [directory, ...(await missing(dirname(directory)))];
}
