import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { writeIrmapCache } from '../../src/criu/irmap-cache.ts';

test('CRIU is told names of files as one of its own pre-dumps would leave them', async (t) => {
  const directory = mkdtempSync('/tmp/phaul-irmap-');
  t.teardown(() => rmSync(directory, { recursive: true }));
  await writeIrmapCache(directory, []);
  t.deepEqual(readdirSync(directory), []);
  await writeIrmapCache(directory, [
    { device: '8:19', inode: 0xc000000000000014n, path: '/opt' },
    { device: '0:42', inode: 1n, path: '/' },
  ]);
  // Two magic numbers; then for each its length, dev (1), inode (2), path (3), as protobuf has them.
  const entries = ['0893808004109480808080808080c0011a042f6f7074', '082a10011a022f2e'].map((hex) =>
    Buffer.from(hex, 'hex'),
  );
  const sized = entries.flatMap((entry) => [Buffer.from([entry.length, 0, 0, 0]), entry]);
  const head = Buffer.from('4059105559400057', 'hex');
  t.deepEqual(readFileSync(join(directory, 'irmap-cache')), Buffer.concat([head, ...sized]));
});
