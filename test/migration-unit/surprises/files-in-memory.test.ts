import { mkdtempSync, rmSync } from 'node:fs';
import test from 'ava';
import { filesInMemory } from '../../../src/migration/surprises/files-in-memory.ts';
import { sceneWith } from './program.ts';

test('much in a tmpfs of the container’s own is warned of, and what CRIU takes as given is not', async (t) => {
  const place = mkdtempSync('/tmp/phaul-surprise-');
  t.teardown(() => rmSync(place, { recursive: true }));
  const found = await sceneWith(
    t,
    `
ctypes.CDLL(None).unshare(0x20000)
def mounts(*options): os.spawnlp(os.P_WAIT, 'mount', 'mount', *options)
mounts('--make-rprivate', '/'); mounts('-t', 'tmpfs', 'own', '${place}')
open('${place}/file', 'wb').write(bytes(30 << 20))`,
  );
  const [own] = [...found.mounts.values()].filter(({ path }) => path === place);
  t.truthy(own);
  const mounts = new Map([[1, own!]]);
  const said = (await filesInMemory({ ...found, mounts })) ?? '';
  t.true(said.includes(`30.0 MiB of files in memory (${place})`) && said.includes('0.2 s'), said);
  const elsewhere = { ...found.host, user: 'user:[1]' };
  t.regex((await filesInMemory({ ...found, mounts, host: elsewhere })) ?? '', / 1\.2 s/, 'gzip packs them');
  const externalMounts = [{ key: place, value: 'given' }];
  t.is(await filesInMemory({ ...found, mounts, container: { live: { dump: { externalMounts } } } }), null);
  t.is(await filesInMemory({ ...found, mounts, host: found.members[0]!.namespaces }), null);
});
