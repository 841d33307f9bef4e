import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { shared } from '../../fs-drivers/shared.ts';
import type { Json } from '../../src/contracts/context.ts';
import { driverContext } from '../../src/driver-context.ts';
import { picture } from '../../src/testing/picture.ts';

const ctx = driverContext('/nonexistent', new AbortController().signal, () => undefined);

test('shared files must be there on the target, and nothing is copied', async (t) => {
  const here = mkdtempSync('/tmp/phaul-shared-');
  t.teardown(() => rmSync(here, { recursive: true }));
  const refusals = async (target: string) =>
    (await shared.target([{ source: here, target, without: [] }], ctx).refusals(false)).map(
      ({ code }) => code,
    );
  t.deepEqual(await refusals(here), []);
  t.deepEqual(await refusals(`${here}/missing`), ['PATH_MISSING']);
  const source = shared.source([{ source: here, target: here, without: [] }], ctx);
  const open = () => Promise.reject(new Error('no stream is needed'));
  t.deepEqual(await source.sync(open, { final: true, mapped: [] }), { bytes: 0, changed: 0, files: 0 });
});

// With storage that two hosts do share: test/migration, in the lab.
test('on a file system of this host alone nothing is written to find out', async (t) => {
  const here = mkdtempSync('/tmp/phaul-shared-');
  t.teardown(() => rmSync(here, { recursive: true }));
  const before = picture(here);
  t.is(await shared.look?.({ source: here, target: here, without: [] }, ctx), null);
  t.deepEqual(picture(here), before);
});

test('a target suits that sees the file, and no other', async (t) => {
  const here = mkdtempSync('/tmp/phaul-shared-');
  t.teardown(() => rmSync(here, { recursive: true }));
  const probe = '.phaul-0f8fad5b-d9cb-469f-a165-70867728950e';
  const suits = (seen: Json, target = here) =>
    shared.suits?.({ source: '/nonexistent', target, without: [] }, seen, ctx);
  t.is(await suits(probe), null);
  writeFileSync(join(here, probe), '');
  t.is(await suits(probe), 'both hosts see the same files there');
  t.is(await suits(probe, join(here, 'missing')), null);
});

test('what is no name of such a file is not looked for', async (t) => {
  const here = mkdtempSync('/tmp/phaul-shared-');
  t.teardown(() => rmSync(here, { recursive: true }));
  writeFileSync(join(here, 'passwd'), '');
  const tree = { source: '/nonexistent', target: join(here), without: [] };
  for (const seen of ['passwd', '.', '../..', '', null, 7, ['passwd'], { name: 'passwd' }])
    t.is(await shared.suits?.(tree, seen, ctx), null, JSON.stringify(seen));
});
