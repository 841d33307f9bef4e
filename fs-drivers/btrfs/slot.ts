import { lstat, readdir, rename } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { DriverContext } from '../../src/contracts/context.ts';
import { PhaulError } from '../../src/errors.ts';
import { exchange } from '../../src/linux/exchange.ts';
import { isSubvolume } from './fitness.ts';
import { receive, takeTrailer } from './receive.ts';
import type { Staging } from './staging.ts';
import { failureOf, type Header, told } from './talk.ts';

/** One tree on the target. */
export interface Slot {
  /** Receives the next round of it; the first and the last put it in its place. @throws why it could not */
  readonly take: (stream: Socket, header: Header, signal: AbortSignal) => Promise<void>;
  /** Removes what the tree has replaced. */
  readonly finish: () => Promise<void>;
}

// A snapshot, because what was received remains known as the source's snapshot, upon which the next one builds, only for as long as it
// stays read-only.
const copy = 'btrfs subvolume snapshot "$1" "$2" >/dev/null && btrfs inspect-internal rootid "$2" >>"$3"';

// Nothing builds upon the last one, and this takes a tenth of the time. With -f it is no longer known as the source's; before 5.14 btrfs
// had no such option, and asked for none.
const open =
  '{ btrfs property set -f -t subvol "$1" ro false || btrfs property set -t subvol "$1" ro false; } >/dev/null && btrfs inspect-internal rootid "$1" >>"$2"';

/** Makes room for the tree in its staging, which undoes all that is done here. */
export async function treeSlot(tree: string, staging: Staging, ctx: DriverContext): Promise<Slot> {
  const arrivals = staging.at('in');
  await told('target', ctx.run('btrfs', ['subvolume', 'create', arrivals]));
  let received = 0;
  let busy = false;
  let placed = false;

  async function next({ round }: Header, stream: Socket, signal: AbortSignal): Promise<void> {
    const name = `r${round}`;
    await receive(stream, arrivals, signal);
    const final = await takeTrailer(stream, signal);
    // Those of earlier rounds are left to the end: removing them would take longer than receiving what is next.
    const names = await readdir(arrivals);
    if (names.length !== round || !names.includes(name))
      throw new PhaulError('PROTOCOL_ERROR', 'A stream of files made something else than one snapshot.');
    if (!(await isSubvolume(staging.at(`in/${name}`))))
      throw new PhaulError('PROTOCOL_ERROR', 'A stream of files made something else than a snapshot.');
    // The container's runtime gets ready in what the first round brought.
    if (received === 0) await placeCopy(tree, name, staging, ctx);
    else if (final) await placeItself(tree, name, staging, ctx);
    placed = final;
    received = round;
  }

  return {
    take: async (stream, header, signal) => {
      if (busy || placed || header.round !== received + 1)
        throw new PhaulError('PROTOCOL_ERROR', 'A stream of files came out of turn.');
      busy = true;
      await next(header, stream, signal).finally(() => (busy = false));
    },
    finish: () =>
      staging
        .remove()
        .catch(() => ctx.warn(`${staging.at('')} could not be removed; nothing needs it any more.`)),
  };
}

/** Puts a snapshot of what was received into the tree's place; what is there goes where the snapshot was made. */
async function placeCopy(tree: string, name: string, staging: Staging, ctx: DriverContext): Promise<void> {
  const made = staging.at('tree');
  await told('target', ctx.run('sh', ['-c', copy, 'sh', staging.at(`in/${name}`), made, staging.at('id')]));
  try {
    if (await lstat(tree).catch(() => null)) exchange(made, tree);
    else await rename(made, tree);
  } catch (error) {
    throw failureOf((error as Error).message, 'target');
  }
}

/** Puts what was received itself into the place of that snapshot. */
async function placeItself(tree: string, name: string, staging: Staging, ctx: DriverContext): Promise<void> {
  const received = staging.at(`in/${name}`);
  await told('target', ctx.run('sh', ['-c', open, 'sh', received, staging.at('id')]));
  try {
    exchange(received, tree);
  } catch (error) {
    throw failureOf((error as Error).message, 'target');
  }
}
