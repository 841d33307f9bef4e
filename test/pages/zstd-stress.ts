import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { loadZstd } from '../../src/pages/zstd.ts';
import { text } from './chance.ts';

// A program of its own: what goes wrong here ends the process. Needs --expose-gc. Says `good` if all is.
const zstd = loadZstd()!;
const size = 2 ** 20;
const pattern = text(size);
const { gc } = globalThis;
if (!gc) throw new Error('--expose-gc is missing');

/** Nobody but the call knows the block; what it holds is the pattern with a mark of its own. */
function blockOf(mark: number): Buffer {
  const block = Buffer.from(pattern);
  block.fill(mark, 0, 4096);
  return block;
}

async function once(mark: number): Promise<void> {
  const into = Buffer.allocUnsafe(size);
  const written = await zstd.compress(blockOf(mark), into);
  const back = Buffer.allocUnsafe(size);
  zstd.decompress(into.subarray(0, written ?? 0), back);
  if (!back.equals(blockOf(mark))) throw new Error(`block ${mark} was another while it was compressed`);
}

const said = process.argv[2];
if (said === 'collect') {
  for (let round = 0; round < 25; round++) {
    const calls = Array.from({ length: 8 }, (_, i) => once((round * 8 + i) & 0xff));
    // Nobody at all knows these buffers, and what is freed is soon written over.
    const forgotten = Array.from({ length: 4 }, (_, i) =>
      zstd.compress(blockOf(i), Buffer.allocUnsafe(size)),
    );
    for (let i = 0; i < 8; i++) {
      gc();
      randomBytes(size);
      await setImmediate();
    }
    await Promise.all([...calls, ...forgotten]);
  }
  process.stdout.write('good\n');
} else {
  process.stdout.write('good\n');
  // The process ends while calls run.
  for (let i = 0; i < 16; i++) void zstd.compress(blockOf(i), Buffer.allocUnsafe(size));
  process.exit(0);
}
