import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { MemoryEvent } from '../linux/userfault.ts';
import { type Lot, type Waiting, waitingFor } from './waiting.ts';

/**
 * What somebody else needs to go on with a fill when this process dies: what each memory lacked in the beginning, and what has happened to it since. On a tmpfs: the
 * host's death ends the container, too.
 */
export interface FillRecord {
  /** Events are about to be taken: whoever finds the record in this state does not know of them. Microseconds. */
  readonly taking: () => void;
  /** They have been taken, and acted upon. @param space number of the memory, in the order in which they came */
  readonly took: (space: number, events: readonly MemoryEvent[]) => void;
  readonly close: () => void;
}

/** A memory that is being filled. */
export interface Lacking {
  /** The file with the contents; null: it lacks nothing but zeros. */
  readonly file: string | null;
  readonly lacks: Waiting;
}

const names = { spaces: 'fill.json', events: 'fill.events', taking: 'fill.taking' } as const;
const numbersPerLot = 4;

/** Begins it, with the memories that there are, numbered by their places. */
export function recordFill(directory: string, spaces: readonly Lacking[]): FillRecord {
  const files = spaces.map(({ file, lacks }, index) => {
    writeFileSync(join(directory, `fill.${index}`), packed(lacks.lots()));
    return file;
  });
  writeFileSync(join(directory, names.spaces), JSON.stringify(files));
  const events = openSync(join(directory, names.events), 'a');
  const taking = openSync(join(directory, names.taking), 'w');
  const mark = (text: string): void => void writeSync(taking, text, 0);
  mark('0');
  return {
    taking: () => mark('1'),
    took: (space, list) => {
      const lines = list.flatMap((event) => (event.type === 'fault' ? [] : `${line(space, event)}\n`));
      if (lines.length > 0) writeSync(events, lines.join(''));
      mark('0');
    },
    close: () => {
      closeSync(events);
      closeSync(taking);
    },
  };
}

/**
 * The memories as they are now, in the order in which their descriptors came, forked ones last.
 * @throws Error if the record does not tell, because its writer died while it took events
 */
export function readFillRecord(directory: string): Lacking[] {
  if (
    !existsSync(join(directory, names.taking)) ||
    readFileSync(join(directory, names.taking), 'utf8') !== '0'
  )
    throw new Error('the fill was interrupted at a moment at which it cannot be taken over');
  const files = JSON.parse(readFileSync(join(directory, names.spaces), 'utf8')) as (string | null)[];
  const spaces = files.map((file, index): Lacking => {
    const lots = unpacked(readFileSync(join(directory, `fill.${index}`)));
    return { file, lacks: waitingFor(lots) };
  });
  for (const text of readFileSync(join(directory, names.events), 'utf8').split('\n').filter(Boolean)) {
    const [number = '', kind, ...rest] = text.split(' ');
    const space = spaces[Number(number)];
    if (!space) throw new Error(`an event of a memory ${number} that there is not`);
    const [one = 0, two = 0, three = 0] = rest.map(Number);
    if (kind === 'gone') space.lacks.cut(one, two);
    else if (kind === 'remap') space.lacks.move(one, two, three);
    else spaces.push({ file: space.file, lacks: space.lacks.copy() });
  }
  return spaces;
}

function line(space: number, event: Exclude<MemoryEvent, { type: 'fault' }>): string {
  switch (event.type) {
    case 'fork':
      return `${space} fork`;
    case 'gone':
      return `${space} gone ${event.page} ${event.end}`;
    case 'remap':
      return `${space} remap ${event.from} ${event.to} ${event.count}`;
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
