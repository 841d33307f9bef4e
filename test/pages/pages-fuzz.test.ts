import { readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import test from 'ava';
import { receivePages } from '../../src/pages/receive.ts';
import { seal } from '../../src/pages/seal.ts';
import { pageStore } from '../../src/pages/store.ts';
import { loadZstd } from '../../src/pages/zstd.ts';
import { chunked, damaged } from '../fuzz/damage.ts';
import { fuzz, inputs, mustBe, settles, turnOver } from '../fuzz/fuzz.ts';
import { tmpfs } from './far-end.ts';
import { honestDumps } from './honest-dumps.ts';

const lawful: readonly string[] = ['PROTOCOL_ERROR', 'LINK_LOST', 'DISK_FULL'];

test('whatever pages come, the dumps up to the first bad frame are stored, and the rest is refused', async (t) => {
  const directory = tmpfs(t);
  let complete = 0;
  await fuzz(t, inputs.pages, async (random) => {
    const zstd = random() < 0.2;
    const { frames, last } = honestDumps(random, zstd);
    const honest = random() < 0.1;
    const chunks = chunked(random, honest ? frames : damaged(random, frames));
    const [near, far] = duplexPair();
    let replies = '';
    near.setEncoding('utf8').on('data', (text: string) => (replies += text));
    const store = pageStore(directory);
    const receiver = receivePages(far, store, zstd ? loadZstd() : null);
    // The source may say which dump is the last before, while or after it comes.
    const early = random() < 0.5 ? receiver.last(last) : null;
    early?.catch(() => undefined);
    for (const chunk of chunks) near.write(chunk);
    if (random() < 0.8) near.end();
    else setImmediate(() => far.destroy());
    const outcome = await settles(
      (early ?? receiver.stored(last))
        .then(() => receiver.last(last))
        .then(
          () => null,
          (error: unknown) => error,
        ),
      'the receiver',
    );
    if (outcome === null) {
      complete++;
      try {
        seal(directory, store.owned(), random() < 0.5);
      } catch (error) {
        mustBe(error, lawful);
      }
    } else mustBe(outcome, lawful);
    if (honest && outcome !== null && !far.destroyed) throw new Error('an honest stream was refused');
    receiver.end();
    await turnOver();
    for (const line of replies.split('\n').filter(Boolean)) check(line);
    const names = readdirSync(directory);
    for (const name of names) rmSync(join(directory, name));
    const strange = names.find((name) => !/^page(s|map|map-shmem)-\d+\.(img|store)$/.test(name));
    if (strange !== undefined) throw new Error(`it wrote ${strange}`);
  });
  t.true(complete > inputs.pages / 10, 'some came whole');
  t.deepEqual(openFiles(directory), [], 'and no file is left open');
});

function check(line: string): void {
  const { error } = JSON.parse(line) as { error?: { code: string } };
  if (error && !lawful.includes(error.code)) throw new Error(line);
}

function openFiles(directory: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)].filter((link) => link.startsWith(directory));
    } catch {
      // That of the reading itself.
      return [];
    }
  });
}
