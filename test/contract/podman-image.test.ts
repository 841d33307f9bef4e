import test from 'ava';
import { imageAt } from '../../fs-drivers/podman-image/image.ts';
import { chooseFs } from '../../src/migration/choose-fs.ts';
import type { Link } from '../../src/migration/link.ts';

// The examination is where podman is: podman.lab.test.ts.

const id = '0123456789abcdef'.repeat(4);
const path = `/x/overlay-images/${id}`;

const image = { source: path, target: path, without: [], by: 'podman-image' };
const free = { source: '/srv', target: '/srv', without: [] };
const nobody = {} as Link;

test('a tree that one driver only can move goes to it, whatever the user asks for', async (t) => {
  const shares = await chooseFs([image, free], 'rsync', nobody, {} as never);
  t.deepEqual(
    shares.map(({ driver, trees }) => [driver, trees]),
    [
      ['podman-image', [image]],
      ['rsync', [free]],
    ],
  );
});

test('what is no image is none', (t) => {
  t.deepEqual(imageAt(path), { id, graphRoot: '/x' });
  for (const other of [
    '/x/overlay-images/..',
    `/x/${id}`,
    `${path}x`,
    path.toUpperCase(),
    `/y/..${path}`,
    path.slice(1),
  ])
    t.throws(() => imageAt(other), { code: 'PROTOCOL_ERROR' }, other);
});
