import test from 'ava';
import type { FsDriver, SourceFs } from '../../src/contracts/fs-driver.ts';
import { builtIn } from '../../src/contracts/registry.ts';
import { driverContext } from '../../src/driver-context.ts';
import { filesOf } from '../../src/migration/files.ts';

const ctx = driverContext('/nonexistent/scratch', new AbortController().signal, () => undefined);
const round = { final: false, mapped: [] };
const did: string[] = [];

const driver = (name: string, part: Partial<SourceFs>): FsDriver => ({
  ...builtIn.fs[0]!,
  name,
  source: () => ({
    refusals: () => Promise.resolve([]),
    sync: () => Promise.resolve({ bytes: 10, changed: 7, files: 1 }),
    release: () => Promise.resolve(void did.push(`${name} released`)),
    abort: () => Promise.resolve(void did.push(`${name} aborted`)),
    ...part,
  }),
});
// The registry as the core reads it.
(builtIn.fs as FsDriver[]).push(
  driver('one', {}),
  driver('two', {}),
  driver('asks', {
    sync: async (open) => {
      await open();
      return { bytes: 0, changed: 0, files: 0 };
    },
  }),
  driver('fails', { sync: () => Promise.reject(new Error('no')) }),
  driver('slow', {
    sync: async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      did.push('slow done');
      return { bytes: 0, changed: 0, files: 0 };
    },
  }),
);

async function files(...names: string[]) {
  const opened: number[] = [];
  did.length = 0;
  const shares = names.map((name) => ({ driver: name, trees: [], reason: 'x' }));
  const openFs = (index: number): Promise<never> => {
    opened.push(index);
    return Promise.resolve(undefined as never);
  };
  return { opened, all: await filesOf(shares, openFs, ctx) };
}

test.serial('what the drivers move is added up', async (t) => {
  t.deepEqual(await (await files('one', 'two')).all.sync(round), { bytes: 20, changed: 14, files: 2 });
  t.deepEqual(await (await files()).all.sync(round), { bytes: 0, changed: 0, files: 0 });
});

test.serial('each driver opens streams of its own place', async (t) => {
  const { all, opened } = await files('one', 'asks', 'asks');
  await all.sync(round);
  t.deepEqual(opened, [1, 2]);
});

test.serial('one that fails fails the round when the others have ended', async (t) => {
  await t.throwsAsync((await files('fails', 'slow')).all.sync(round), { message: 'fs driver fails: no' });
  t.deepEqual(did, ['slow done']);
});

test.serial('all are released, and all are aborted', async (t) => {
  const { all } = await files('one', 'two');
  await all.release({ container: 'ct101', target: 'b' });
  await all.abort();
  t.deepEqual(did, ['one released', 'two released', 'one aborted', 'two aborted']);
});

test.serial('a driver that there is not is refused', async (t) => {
  await t.throwsAsync(files('tape'), { code: 'DRIVER_UNKNOWN' });
});
