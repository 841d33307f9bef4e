import { mkdtempSync, rmSync } from 'node:fs';
import test from 'ava';
import { shared } from '../../fs-drivers/shared.ts';
import { driverContext } from '../../src/driver-context.ts';

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
