import test from 'ava';
import type { Mount } from '../../src/linux/mounts.ts';
import { withoutRepeats } from '../../src/migration/dump-settings.ts';

const mount = (path: string, device: string, root: string): Mount => ({
  id: 0,
  path,
  device,
  root,
  type: 'ext4',
  options: ['ro'],
});

test('of mounts that show the same, or a part of it, CRIU is told of one', (t) => {
  const mounts = [
    mount('/', '8:1', '/srv/rootfs'),
    mount('/part', '8:1', '/usr/lib/part'),
    mount('/lib', '8:1', '/usr/lib'),
    mount('/usr/lib', '8:1', '/usr/lib'),
    mount('/library', '8:1', '/usr/library'),
    mount('/elsewhere', '8:2', '/usr/lib'),
    mount('/own', '8:1', '/usr/lib'),
  ];
  const told = ['/library', '/usr/lib', '/lib', '/part', '/elsewhere', 'a name'];
  const externalMounts = told.map((key) => ({ key, value: key }));
  t.deepEqual(
    withoutRepeats({ root: '/x', externalMounts }, mounts).externalMounts?.map(({ key }) => key),
    ['/library', '/lib', '/elsewhere', 'a name'],
  );
  t.deepEqual(withoutRepeats({ root: '/x' }, mounts), { root: '/x' });
});
