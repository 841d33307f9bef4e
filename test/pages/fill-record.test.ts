import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readFillRecord, recordFill } from '../../src/pages/fill-record.ts';
import { waitingFor } from '../../src/pages/waiting.ts';

// Kinds of messages (linux/userfaultfd.h).
const [fault, fork, remap, remove] = [0x12, 0x13, 0x14, 0x15];

/** The kernel's message: a kind, and three numbers; addresses are those of pages. */
function message(kind: number, ...pages: readonly number[]): Buffer {
  const bytes = Buffer.alloc(32);
  bytes[0] = kind;
  for (const [index, page] of pages.entries())
    if (kind === fork) bytes.writeUInt32LE(page, 8);
    else bytes.writeBigUInt64LE(BigInt(page) << 12n, 8 + 8 * index);
  return bytes;
}

interface Stage {
  /** Has these taken from a file, which stands for the kernel's descriptor. */
  readonly happens: (space: number, ...messages: readonly Buffer[]) => void;
  /** The descriptors of the children that it has heard of. */
  readonly children: readonly number[];
  /** What each memory lacks according to the record, which nobody has closed: as `page+count` from slot. */
  readonly found: () => string[];
}

function stage(t: ExecutionContext): Stage {
  const directory = mkdtempSync('/tmp/phaul-fill-record-');
  const lacks = waitingFor([{ page: 10, count: 10, slot: 3, zero: false }]);
  const record = recordFill(directory, [
    { file: '/pages', lacks },
    { file: null, lacks: waitingFor([]) },
  ]);
  t.teardown(() => {
    record.close();
    rmSync(directory, { recursive: true });
  });
  const path = join(directory, 'kernel');
  const children: number[] = [];
  return {
    happens: (space, ...messages) => {
      writeFileSync(path, Buffer.concat(messages));
      const fd = openSync(path, 'r');
      record.take(space, fd, (child) => children.push(child));
      closeSync(fd);
    },
    children,
    found: () =>
      readFillRecord(directory).map(
        ({ file, lacks: left }) =>
          `${file}: ${left
            .lots()
            .map(({ page, count, slot }) => `${page}+${count} from ${slot}`)
            .join(', ')}`,
      ),
  };
}

test('whoever finds it knows what each memory lacks', (t) => {
  t.deepEqual(stage(t).found(), ['/pages: 10+10 from 3', 'null: ']);
});

test('and all that has happened to it, in order, for each memory its own', (t) => {
  const { happens, found, children } = stage(t);
  happens(0, message(remove, 12, 14), message(fork, 77));
  happens(2, message(remap, 10, 110, 2));
  happens(0, message(fault, 0, 15), message(remove, 18, 20), message(fault, 0, 16));
  t.deepEqual(found(), ['/pages: 10+2 from 3, 14+4 from 7', 'null: ', '/pages: 14+6 from 7, 110+2 from 3']);
  t.deepEqual(children, [77]);
});

test('those who wait leave nothing, however many', (t) => {
  const { happens, found } = stage(t);
  const waits = Array.from({ length: 64 }, () => message(fault, 0, 15));
  for (let times = 0; times < 1000; times++) happens(0, ...waits);
  happens(1);
  happens(0, message(remove, 10, 19));
  t.deepEqual(found(), ['/pages: 19+1 from 12', 'null: ']);
});

test('more than one file holds', (t) => {
  const { happens, found } = stage(t);
  const there = [message(remap, 10, 50, 10), message(remap, 50, 10, 10)];
  const often = Array.from({ length: 32 }, () => there).flat();
  for (let times = 0; times < 1500; times++) happens(0, ...often);
  happens(0, message(remap, 10, 200, 10));
  t.deepEqual(found(), ['/pages: 200+10 from 3', 'null: ']);
});
