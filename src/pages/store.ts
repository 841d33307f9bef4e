import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PhaulError } from '../errors.ts';
import { newFile, noRoom } from '../linux/new-file.ts';
import { punchHole } from '../linux/punch-hole.ts';
import { type Extents, extents, zeroFlag } from './extents.ts';
import { flatten, type Piece, type Round } from './flatten.ts';
import { imageName, pageBytes } from './wire.ts';

/** The memory of one task or shared-memory segment, as all dumps so far have it. */
export interface Owned {
  /** Of its pagemap's image: `pagemap-12`. */
  readonly name: string;
  /** Of the file with the contents, in the store's directory: `pages-1.img`. */
  readonly number: number;
  readonly extents: Extents;
  /** Pages that the file has room for, holes included. */
  readonly slots: number;
}

/**
 * The newest contents of every page, while dumps arrive: a file for each owner, without a history. Synchronous, for it is on a
 * tmpfs, where a write is a copy, and most of it happens while a container stands still.
 * Order of calls: iteration, then for each owner open and what it has, then end; and again.
 */
export interface PageStore {
  readonly iteration: () => void;
  readonly open: (owner: bigint) => void;
  readonly keep: (page: number, count: number) => void;
  readonly zero: (page: number, count: number, flags: number) => void;
  /** Where the contents of these pages are to be written. */
  readonly put: (page: number, count: number, flags: number) => Piece[];
  /** Writes to the file of the owner that was opened last. `position` in bytes. @throws DISK_FULL, as `open` and `end` do */
  readonly write: (bytes: Uint8Array, position: number) => void;
  readonly end: () => void;
  /** After `end`: what there is. */
  readonly owned: () => readonly Owned[];
  /** Closes the file that is open. Idempotent. */
  readonly close: () => void;
}

// 64 TiB of one owner, those that later dumps replaced among them: what is larger never was in a host.
const mostSlots = 2 ** 34;

export const pagesFile = (number: number): string => `pages-${number}.img`;

export function pageStore(directory: string): PageStore {
  let before = new Map<string, Owned>();
  let now = new Map<string, Owned>();
  let current: {
    name: string;
    number: number;
    slots: number;
    round: Round;
    fd: number;
  } | null = null;
  let numbers = 0;

  const path = (number: number): string => join(directory, pagesFile(number));
  const opened = (): NonNullable<typeof current> => {
    if (current) return current;
    throw new PhaulError('PROTOCOL_ERROR', 'Pages came that belong to nobody.');
  };
  const punch = ({ slot, count }: Piece): void => punchHole(opened().fd, slot * pageBytes, count * pageBytes);

  const finish = (): void => {
    if (!current) return;
    const { name, number, round, fd, slots } = current;
    const { extents: all, dropped } = round.finish();
    for (const piece of dropped) if (((piece.before ?? 0) & zeroFlag) === 0) punch(piece);
    // What ends in zeros ends in a hole.
    fitting(() => ftruncateSync(fd, slots * pageBytes));
    now.set(name, { name, number, extents: all, slots });
    closeSync(fd);
    current = null;
  };

  return {
    iteration: () => {
      finish();
      [before, now] = [now, new Map()];
    },
    open: (owner) => {
      finish();
      const name = imageName(owner);
      if (now.has(name)) throw new PhaulError('PROTOCOL_ERROR', 'A dump has the same pages twice.');
      const old = before.get(name);
      const number = old?.number ?? ++numbers;
      let slots = old?.slots ?? 0;
      const take = (count: number): number => {
        const first = slots;
        slots += count;
        if (slots > mostSlots)
          throw new PhaulError('PROTOCOL_ERROR', 'A dump has more pages than there can be.');
        if (current) current.slots = slots;
        return first;
      };
      const fd = old ? openSync(path(number), 'r+') : newFile(path(number));
      current = { name, number, slots, round: flatten(old?.extents ?? extents(), take), fd };
    },
    keep: (page, count) => opened().round.keep(page, count),
    zero: (page, count, flags) => {
      for (const piece of opened().round.put(page, count, flags | zeroFlag))
        if (piece.before !== null && (piece.before & zeroFlag) === 0) punch(piece);
    },
    put: (page, count, flags) => opened().round.put(page, count, flags),
    write: (bytes, position) => writeAll(opened().fd, bytes, position),
    end: () => {
      finish();
      for (const { name, number } of before.values()) if (!now.has(name)) rmSync(path(number));
      before = new Map();
    },
    owned: () => [...now.values()],
    close: () => {
      if (current) closeSync(current.fd);
      current = null;
    },
  };
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  fitting(() => {
    for (let done = 0; done < bytes.length;)
      done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  });
}

/** @throws DISK_FULL */
function fitting(write: () => void): void {
  try {
    write();
  } catch (error) {
    throw noRoom(error);
  }
}
