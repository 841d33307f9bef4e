import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { makeSubvolume } from './btrfs-disk.ts';
import { btrfsPair, type Pair } from './btrfs-pair.ts';
import { btrfsStream, clone, file, snapshot, subvolume, write } from './btrfs-stream.ts';

// What a source may send that wants something of the target that it must not have.

const secret = Buffer.alloc(8192, 'secret ');

/** A pair whose target has a subvolume of somebody else's, on the same file system. */
async function neighbours(t: ExecutionContext): Promise<{ pair: Pair; theirs: string; theirId: Buffer }> {
  const pair = await btrfsPair(t);
  const theirs = join(pair.tree.target, '../theirs');
  makeSubvolume(theirs);
  fs.writeFileSync(join(theirs, 'secret'), secret);
  const shown = execFileSync('btrfs', ['subvolume', 'show', theirs], { encoding: 'utf8' });
  const id = /^\s*UUID:\s*(\S+)$/m.exec(shown)?.[1] ?? '';
  await pair.target.prepare();
  return { pair, theirs, theirId: Buffer.from(id.replaceAll('-', ''), 'hex') };
}

/** Sends these bytes as the first and last round. @returns what the target answers */
async function sent(
  pair: Pair,
  bytes: Buffer,
  header = 'phaul-btrfs 0000 0001\n',
  trailer = 'last\n',
): Promise<string> {
  const stream = await pair.open();
  stream.on('error', () => undefined);
  stream.write(header);
  stream.write(bytes);
  stream.write(trailer);
  const said = await text(stream);
  if (!stream.closed) await once(stream, 'close');
  return said;
}

const id = randomBytes(16);

test('a stream made by hand is received', async (t) => {
  const { pair } = await neighbours(t);
  const stream = btrfsStream(
    subvolume('r1', id),
    file('one'),
    write('one', secret),
    file('other'),
    clone('other', secret.length, id, 'one'),
  );
  t.is(await sent(pair, stream), '{"ok":true}\n');
  t.deepEqual(fs.readFileSync(join(pair.tree.target, 'other')), secret);
});

test('a stream cannot build upon a subvolume that is not its own', async (t) => {
  const { pair, theirId } = await neighbours(t);
  t.regex(await sent(pair, btrfsStream(snapshot('r1', id, theirId))), /FS_SYNC.*not reachable/);
});

for (const from of ['../../../theirs/secret', '../../../../target/theirs/secret', '/theirs/secret'])
  test(`a stream cannot take the contents of ${from}`, async (t) => {
    const { pair } = await neighbours(t);
    const stream = btrfsStream(subvolume('r1', id), file('mine'), clone('mine', secret.length, id, from));
    t.regex(await sent(pair, stream), /FS_SYNC.*No such file/);
  });

test('a stream cannot take contents from a subvolume that is not its own', async (t) => {
  const { pair, theirId } = await neighbours(t);
  const stream = btrfsStream(subvolume('r1', id), file('mine'), clone('mine', 8192, theirId, 'secret'));
  t.regex(await sent(pair, stream), /FS_SYNC.*(?:source subvol|not reachable)/);
});

test('a stream cannot write through a path that climbs', async (t) => {
  const { pair, theirs } = await neighbours(t);
  for (const path of ['../../../theirs/new', '../../../../target/theirs/new']) {
    const stream = btrfsStream(subvolume('r1', id), file(path));
    await sent(pair, stream);
  }
  t.deepEqual(fs.readdirSync(theirs), ['secret']);
});

test('a stream with something else than the one snapshot is refused', async (t) => {
  for (const [stream, reason] of [
    [btrfsStream(subvolume('r2', id)), 'another name'],
    [btrfsStream(subvolume('r1', id), subvolume('more', randomBytes(16))), 'two of them'],
    [btrfsStream(), 'none'],
  ] as const) {
    const { pair } = await neighbours(t);
    t.regex(await sent(pair, stream), /PROTOCOL_ERROR/, reason);
    await pair.target.abort();
    t.deepEqual(pair.around().target, ['theirs'], reason);
  }
});

test('a header that is none, out of turn or of an unknown tree is refused', async (t) => {
  const { pair } = await neighbours(t);
  const stream = btrfsStream(subvolume('r1', id));
  for (const header of [
    'phaul-btrfs 0001 0001\n',
    'phaul-btrfs 0000 0002\n',
    'phaul-btrfs 0000 000x\n',
    'x'.repeat(22),
    'phaul-btrfs 0000 0000\n',
  ])
    t.regex(await sent(pair, stream, header), /PROTOCOL_ERROR/, header);
  t.deepEqual(fs.readdirSync(join(pair.tree.target, '..')).length, 2);
  t.is(await sent(pair, stream), '{"ok":true}\n');
  t.regex(await sent(pair, stream), /PROTOCOL_ERROR/, 'after the last round');
});

test('a stream that is not followed by what it should be puts nothing in place', async (t) => {
  const { pair } = await neighbours(t);
  const stream = btrfsStream(subvolume('r1', id));
  t.regex(await sent(pair, stream, undefined, 'lost\n'), /PROTOCOL_ERROR/);
  t.false(fs.existsSync(pair.tree.target));
});
