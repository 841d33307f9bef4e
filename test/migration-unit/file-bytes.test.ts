import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { driverContext } from '../../src/driver-context.ts';
import { fileBytes } from '../../src/migration/file-bytes.ts';

test('what would be copied is counted, and nothing else', async (t) => {
  const home = mkdtempSync('/tmp/phaul-bytes-');
  t.teardown(() => rmSync(home, { recursive: true }));
  const ctx = driverContext(home, new AbortController().signal, () => undefined);
  const tree = (name: string, ...without: string[]) => ({ source: join(home, name), target: '/x', without });
  for (const [path, bytes] of [
    ['one/file', 1_000_000],
    ['one/left [o*ut]/file', 2_000_000],
    ['two/file', 4_000_000],
    ['seen/file', 8_000_000],
  ] as const) {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), Buffer.alloc(bytes));
  }
  const shares = [
    { driver: 'rsync', trees: [tree('one', 'left [o*ut]'), tree('two')], reason: '' },
    { driver: 'shared', trees: [tree('seen')], reason: '' },
  ];
  const bytes = (await fileBytes(shares, ctx)) ?? 0;
  // Directories count for a little.
  t.true(bytes >= 5_000_000 && bytes < 5_100_000, String(bytes));
  t.is(await fileBytes([{ driver: 'rsync', trees: [tree('gone')], reason: '' }], ctx), null);
  t.is(await fileBytes([], ctx), 0);
});
