import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { changesByCtime } from '../../fs-drivers/rsync/changes-by-ctime.ts';
import { type Pair, rsyncPair } from './pair.ts';
import { portrait } from './portrait.ts';

/** A pair whose rounds after the first compare only what has changed in them. */
const quickPair = (): Promise<Pair> => rsyncPair({}, (tree, signal) => changesByCtime(tree, signal, 20));

test('a file that becomes a named pipe before its turn does not stop a round for good', async (t) => {
  const pair = await quickPair();
  t.teardown(pair.remove);
  const { source, target } = pair.tree;
  fs.mkdirSync(source);
  fs.writeFileSync(join(source, 'large'), Buffer.alloc(200_000_000, 'x'));
  fs.writeFileSync(join(source, 'later'), 'x');
  await pair.target.prepare();
  const copying = pair.round();
  while (fs.readdirSync(target).length === 0) await sleep(1);
  fs.rmSync(join(source, 'later'));
  execFileSync('mkfifo', [join(source, 'later')]);
  await copying;
  await pair.round({ final: true });
  t.deepEqual(portrait(target), portrait(source));
});

test('a file that grows while it is copied arrives whole in the end', async (t) => {
  const pair = await quickPair();
  t.teardown(pair.remove);
  const { source, target } = pair.tree;
  fs.mkdirSync(source);
  await pair.target.prepare();
  for (let round = 0; round < 3; round++) {
    const copying = pair.round();
    for (let i = 0; i < 50; i++) {
      fs.appendFileSync(join(source, 'log'), `line ${i}\n`.repeat(1000));
      await sleep(1);
    }
    await copying;
  }
  await pair.round({ final: true });
  t.deepEqual(portrait(target), portrait(source));
});

test('a directory swapped for a link and back while it is copied leads nothing out of the tree', async (t) => {
  const pair = await quickPair();
  t.teardown(pair.remove);
  const { source, target } = pair.tree;
  const at = (name: string): string => join(source, name);
  // Where the link leads, seen from either side.
  for (const side of ['source', 'target']) {
    fs.mkdirSync(join(pair.home, side, 'canary'), { recursive: true });
    fs.writeFileSync(join(pair.home, side, 'canary/file'), 'sings');
  }
  const canaries = (): string[] =>
    ['source', 'target'].flatMap((side) => portrait(join(pair.home, side, 'canary')));
  const before = canaries();
  fs.mkdirSync(at('swapped'), { recursive: true });
  for (let i = 0; i < 300; i++) fs.writeFileSync(at(`swapped/${i}`), `${i}`.repeat(1000));
  await pair.target.prepare();
  for (let round = 0; round < 4; round++) {
    let through = false;
    const copying = pair.round().finally(() => (through = true));
    while (!through) {
      fs.renameSync(at('swapped'), at('away'));
      fs.symlinkSync('../canary', at('swapped'));
      await sleep(2);
      fs.rmSync(at('swapped'));
      fs.renameSync(at('away'), at('swapped'));
      fs.appendFileSync(at(`swapped/${round}`), 'more');
      await sleep(2);
    }
    await copying;
  }
  t.deepEqual(canaries(), before);
  await pair.round({ final: true });
  t.deepEqual(portrait(target), portrait(source));
  fs.rmSync(at('swapped'), { recursive: true });
  fs.symlinkSync('../canary', at('swapped'));
  await pair.round({ final: true });
  t.deepEqual(portrait(target), portrait(source));
  t.deepEqual(canaries(), before);
});

test('what is sparse stays so and what is not does neither become so, whatever moves', async (t) => {
  const pair = await quickPair();
  t.teardown(pair.remove);
  const { source, target } = pair.tree;
  const at = (name: string): string => join(source, name);
  fs.mkdirSync(at('a/b'), { recursive: true });
  fs.writeFileSync(at('a/zeros'), Buffer.alloc(1_000_000));
  fs.writeFileSync(at('a/b/sparse'), 'start');
  fs.truncateSync(at('a/b/sparse'), 10_000_000);
  fs.linkSync(at('a/b/sparse'), at('linked'));
  await pair.target.prepare();
  await pair.round();
  t.deepEqual(portrait(target), portrait(source));
  await sleep(50);
  await pair.round();
  await sleep(50);
  fs.renameSync(at('a'), at('moved'));
  await pair.round({ final: true });
  t.deepEqual(portrait(target), portrait(source));
});
