import { mkdtempSync, rmSync } from 'node:fs';
import test from 'ava';
import type { Mount } from '../../../src/linux/mounts.ts';
import { hugeFiles } from '../../../src/migration/surprises/huge-files.ts';
import { pressureWatches } from '../../../src/migration/surprises/pressure.ts';
import { sandboxes } from '../../../src/migration/surprises/sandboxes.ts';
import { sceneWith } from './program.ts';

test('who waits for pressure is found, and who only reads it is not', async (t) => {
  const { members } = await sceneWith(
    t,
    `
import select
watch = os.open('/proc/pressure/memory', os.O_RDWR | os.O_NONBLOCK)
kept = os.open('/proc/pressure/cpu', os.O_RDONLY)`,
  );
  const found = pressureWatches(members);
  t.is(found.length, 1);
  t.like(found[0], { code: 'FILE_UNSUPPORTED', host: 'source' });
  t.regex(found[0]?.message ?? '', /^python3 .* watches \/proc\/pressure\/memory \(descriptor 3\)/);
});

const mount = (id: number, root: string, groups: Pick<Mount, 'shared' | 'master'>): [number, Mount] => [
  id,
  { id, path: `/at/${id}`, device: '0:9', root, type: 'tmpfs', options: [], ...groups },
];

test('mounts that follow the same one of the container’s are found where none is around the others', (t) => {
  const run = mount(1, '/', { shared: 5 });
  const [one, two] = [mount(2, '/one', { master: 5 }), mount(3, '/two', { master: 5 })];
  const codes = (...mounts: [number, Mount][]): string[] =>
    sandboxes({ mounts: new Map(mounts) }).map(({ code, message }) => `${code} ${message}`);
  t.regex(codes(run, one, two)[0] ?? '', /^NESTED_CONTAINER .*2 mounts.*\/at\/2, \/at\/3/);
  t.deepEqual(codes(run, one), []);
  t.deepEqual(codes(run, one, two, mount(4, '/', { master: 5 })), [], 'CRIU makes them from the widest');
  t.deepEqual(codes(run, one, mount(3, '/two', { master: 5, shared: 6 })), [], 'a group of its own');
  t.deepEqual(codes(one, two), [], 'followers of the host’s');
});

test('a file in huge pages is found, and a mount of them without any is not', async (t) => {
  const place = mkdtempSync('/tmp/phaul-surprise-');
  t.teardown(() => rmSync(place, { recursive: true }));
  const scenes = await Promise.all(
    ['', `open('${place}/file', 'w')`].map((more) =>
      sceneWith(
        t,
        `
ctypes.CDLL(None).unshare(0x20000)
def mounts(*options): os.spawnlp(os.P_WAIT, 'mount', 'mount', *options)
mounts('--make-rprivate', '/'); mounts('-t', 'hugetlbfs', 'own', '${place}')
${more}`,
      ),
    ),
  );
  const found = await Promise.all(scenes.map(hugeFiles));
  t.deepEqual(
    found.map((refusals) => refusals.map(({ code, message }) => [code, message.includes(place)])),
    [[], [['FILE_UNSUPPORTED', true]]],
  );
});
