import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedRoom } from '../linux/mapped-file.ts';
import { eventBytes, eventsAtOnce, memoryEvent, type MemoryEvent, takeEvents } from '../linux/userfault.ts';
import { type Lot, type Waiting, waitingFor } from './waiting.ts';

/**
 * What somebody else needs to go on with a fill when this process dies: what each memory lacked in the beginning, and what has happened to it since. On a tmpfs: the
 * host's death ends the container, too.
 */
export interface FillRecord {
  /**
   * Takes what has happened to a memory: the kernel itself writes it down, so that whoever finds the record knows of it, whenever this process dies.
   * @param space number of the memory, in the order in which they came
   * @param onChild as for `takeEvents`
   */
  readonly take: (space: number, fd: number, onChild: (fd: number) => void) => MemoryEvent[];
  readonly close: () => void;
}

/** A memory that is being filled. */
export interface Lacking {
  /** The file with the contents; null: it lacks nothing but zeros. */
  readonly file: string | null;
  readonly lacks: Waiting;
}

const numbersPerLot = 4;
const memories = 'fill.json';
const lotsOf = (index: number): string => `fill.${index}`;

// The events lie in files one after the other, in entries of `eventBytes`: the kernel's messages, and before those of one
// memory an entry that says whose they are. Zeros follow the last one.
const eventFile = (number: number): string => `fill.events.${number}`;
const fileBytes = 1 << 20;
// No event of the kernel's is of this kind (linux/userfaultfd.h).
const whose = 1;

/** Begins it, with the memories that there are, numbered by their places. */
export function recordFill(directory: string, spaces: readonly Lacking[]): FillRecord {
  const files = spaces.map(({ file, lacks }, index) => {
    writeFileSync(join(directory, lotsOf(index)), packed(lacks.lots()));
    return file;
  });
  writeFileSync(join(directory, memories), JSON.stringify(files));
  let number = 0;
  let room = sharedRoom(join(directory, eventFile(number)), fileBytes);
  let at = 0;
  return {
    take: (space, fd, onChild) => {
      if (at + eventBytes * (1 + eventsAtOnce) > fileBytes) {
        room.close();
        room = sharedRoom(join(directory, eventFile(++number)), fileBytes);
        at = 0;
      }
      const { bytes } = room;
      bytes[at] = whose;
      bytes.writeUInt32LE(space, at + 4);
      const first = at + eventBytes;
      const events = takeEvents(fd, onChild, bytes.subarray(first));
      const end = first + events.length * eventBytes;
      // Of those that wait nobody needs to know: they ask again.
      if (events.every(({ type }) => type === 'fault')) bytes.fill(0, first, end);
      else at = end;
      return events;
    },
    close: () => room.close(),
  };
}

/** The memories as they are now, in the order in which their descriptors came, forked ones last. */
export function readFillRecord(directory: string): Lacking[] {
  const files = JSON.parse(readFileSync(join(directory, memories), 'utf8')) as (string | null)[];
  const spaces = files.map((file, index): Lacking => {
    const lots = unpacked(readFileSync(join(directory, lotsOf(index))));
    return { file, lacks: waitingFor(lots) };
  });
  for (const { space: number, event } of recordedEvents(directory)) {
    const space = spaces[number];
    if (!space) throw new Error(`an event of a memory ${number} that there is not`);
    if (event.type === 'gone') space.lacks.cut(event.page, event.end);
    else if (event.type === 'remap') space.lacks.move(event.from, event.to, event.count);
    else if (event.type === 'fork') spaces.push({ file: space.file, lacks: space.lacks.copy() });
  }
  return spaces;
}

function* recordedEvents(directory: string): Generator<{ space: number; event: MemoryEvent }> {
  for (let number = 0; existsSync(join(directory, eventFile(number))); number++) {
    const bytes = readFileSync(join(directory, eventFile(number)));
    let space = 0;
    for (let at = 0; at < bytes.length && bytes[at] !== 0; at += eventBytes)
      if (bytes[at] === whose) space = bytes.readUInt32LE(at + 4);
      else yield { space, event: memoryEvent(bytes, at) };
  }
}

function packed(lots: readonly Lot[]): Uint8Array {
  const numbers = new Float64Array(lots.length * numbersPerLot);
  for (const [index, { page, count, slot, zero }] of lots.entries())
    numbers.set([page, count, slot, zero ? 1 : 0], index * numbersPerLot);
  return new Uint8Array(numbers.buffer);
}

function unpacked(bytes: Buffer): Lot[] {
  const numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return Array.from({ length: numbers.length / numbersPerLot }, (_, index) => {
    const [page = 0, count = 0, slot = 0, zero = 0] = numbers.subarray(index * numbersPerLot);
    return { page, count, slot, zero: zero === 1 };
  });
}
