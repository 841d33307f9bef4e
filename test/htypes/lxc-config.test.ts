import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { movedConfig, readItems, rootfsOf, valueOf, valuesOf } from '../../htypes/lxc/config.ts';

test('a configuration is read with all that it includes, in order', async (t) => {
  const home = mkdtempSync('/tmp/phaul-lxc-config-');
  t.teardown(() => rmSync(home, { recursive: true }));
  const write = (name: string, ...lines: string[]): void => writeFileSync(join(home, name), lines.join('\n'));
  mkdirSync(join(home, 'more'));
  write('more/b.conf', 'lxc.cap.drop = sys_time');
  write('more/a.conf', 'lxc.cap.drop = sys_module');
  write('more/ignored', 'lxc.cap.drop = all');
  write('common', `lxc.tty.max = 4`, 'lxc.cgroup2.memory.max = 1G', `lxc.include = ${home}/more`);
  write(
    'config',
    '# lxc.tty.max = 9',
    `lxc.include = ${home}/common`,
    `lxc.include = ${home}/missing`,
    '  lxc.tty.max=0  ',
    'lxc.cgroup2 =',
    'lxc.cgroup2.pids.max = 10',
    'nonsense',
  );
  const items = await readItems(join(home, 'config'));
  t.is(valueOf(items, 'lxc.tty.max'), '0');
  t.deepEqual(valuesOf(items, 'lxc.cap.drop'), ['sys_module', 'sys_time']);
  t.is(valueOf(items, 'lxc.cgroup2.memory.max'), null, 'an empty value takes back what was said');
  t.is(valueOf(items, 'lxc.cgroup2.pids.max'), '10');
});

test('one that includes itself comes to an end', async (t) => {
  const home = mkdtempSync('/tmp/phaul-lxc-config-');
  t.teardown(() => rmSync(home, { recursive: true }));
  const file = join(home, 'config');
  writeFileSync(file, `lxc.tty.max = 4\nlxc.include = ${file}\n`);
  t.is(valueOf(await readItems(file), 'lxc.tty.max'), '4');
});

test('how a root file system is kept', (t) => {
  const rootfs = (value: string): unknown => rootfsOf([{ key: 'lxc.rootfs.path', value }]);
  t.deepEqual(rootfs('/srv/root'), { backing: 'dir', path: '/srv/root' });
  t.deepEqual(rootfs('btrfs:/srv/root'), { backing: 'btrfs', path: '/srv/root' });
  t.deepEqual(rootfs('overlay:/srv/a:/srv/b'), { backing: 'overlay', path: '/srv/a:/srv/b' });
  t.is(rootfsOf([]), null);
});

test('a configuration under another name says what lies in its directory, and nothing else, anew', (t) => {
  const text = [
    '# /var/lib/lxc/one stays in a comment',
    'lxc.rootfs.path = dir:/var/lib/lxc/one/rootfs',
    'lxc.mount.entry = /var/lib/lxc/one/data srv none bind 0 0',
    'lxc.hook.start = /var/lib/lxc/one-more/hook',
    'lxc.environment = HOME=/var/lib/lxc/one',
    'lxc.uts.name = one',
  ].join('\n');
  t.deepEqual(movedConfig(text, '/var/lib/lxc/one', '/var/lib/lxc/two').split('\n'), [
    '# /var/lib/lxc/one stays in a comment',
    'lxc.rootfs.path = dir:/var/lib/lxc/two/rootfs',
    'lxc.mount.entry = /var/lib/lxc/two/data srv none bind 0 0',
    'lxc.hook.start = /var/lib/lxc/one-more/hook',
    'lxc.environment = HOME=/var/lib/lxc/two',
    'lxc.uts.name = one',
  ]);
  t.is(movedConfig(text, '/var/lib/lxc/one', '/var/lib/lxc/one'), text);
});
