import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  innerCgroup,
  innerCgroupsOf,
  limitInnerCgroups,
  makeInnerCgroups,
} from '../../htypes/common/inner-cgroups.ts';

test('cgroups below the container’s are told parents first, with what is not as usual, and made so in two steps', async (t) => {
  // Plain directories, which take every file in any order.
  const home = mkdtempSync('/tmp/phaul-cgroups-');
  t.teardown(() => rmSync(home, { recursive: true }));
  const put = (path: string, files: Record<string, string>): void => {
    mkdirSync(join(home, path), { recursive: true });
    for (const [file, text] of Object.entries({ 'cgroup.type': 'domain', ...files }))
      writeFileSync(join(home, path, file), `${text}\n`);
  };
  put('from', { 'memory.max': '1000', 'cgroup.subtree_control': 'memory pids' });
  put('from/slice', { 'memory.max': 'max', 'cgroup.subtree_control': 'pids' });
  put('from/slice/one', {
    'pids.max': '40',
    'cpu.max': '50000 100000',
    'io.weight': 'default 50\n8:0 90',
    'cgroup.subtree_control': '',
  });
  put('from/threads', { 'cgroup.type': 'threaded' });
  const found = await innerCgroupsOf(join(home, 'from'));
  t.deepEqual(found, [
    { path: '/', settings: [{ file: 'cgroup.subtree_control', value: '+memory +pids' }] },
    { path: '/slice', settings: [{ file: 'cgroup.subtree_control', value: '+pids' }] },
    {
      path: '/slice/one',
      settings: [
        { file: 'cpu.max', value: '50000 100000' },
        { file: 'io.weight', value: 'default 50' },
        { file: 'pids.max', value: '40' },
      ],
    },
  ]);
  for (const each of found) t.deepEqual(innerCgroup.parse(each), each);
  const to = join(home, 'to');
  put('to', { 'cgroup.controllers': 'cpu pids' });
  await t.throwsAsync(makeInnerCgroups(found, to), { message: /lacks: memory\.$/ });
  put('to', { 'cgroup.controllers': 'cpu memory pids' });
  await makeInnerCgroups(found, to);
  // CRIU's first task can be put in the container's own.
  t.deepEqual(readdirSync(join(to, 'slice/one')), []);
  t.false(existsSync(join(to, 'cgroup.subtree_control')));
  await limitInnerCgroups(found, to);
  t.is(readFileSync(join(home, 'to/slice/one/pids.max'), 'utf8'), '40');
  t.is(readFileSync(join(home, 'to/cgroup.subtree_control'), 'utf8'), '+memory +pids');
});

test('of the other host no path out of the cgroup is taken, and no other file', (t) => {
  for (const wrong of [
    { path: '/../other', settings: [] },
    { path: '/slice', settings: [{ file: 'cgroup.procs', value: '1' }] },
    { path: '/slice', settings: [{ file: 'pids.max', value: '1\n2' }] },
  ])
    t.false(innerCgroup.safeParse(wrong).success, JSON.stringify(wrong));
});
