import test from 'ava';
import { imageOf } from '../../fs-drivers/podman-image/image-of.ts';
import { podmanImage } from '../../fs-drivers/podman-image/podman-image.ts';
import { chooseFs } from '../../src/migration/choose-fs.ts';
import type { Link } from '../../src/migration/link.ts';
import { fsDriverChecksAlone } from '../../src/testing/fs-driver.ts';
import { examine } from './examine.ts';

const id = '0123456789abcdef'.repeat(4);

// The rest of the examination changes files in a tree: an image is none to anybody but podman, and never changes. What becomes of images: test/htypes/podman.lab.test.ts.
examine(fsDriverChecksAlone(podmanImage, undefined, id));

const image = { source: `/x/${id}`, target: `/x/${id}`, without: [], by: 'podman-image' };
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
  t.is(imageOf(image), id);
  for (const target of ['/x/..', '/x', `/x/${id}x`, `/x/${id.toUpperCase()}`])
    t.throws(() => imageOf({ ...free, target }), { code: 'PROTOCOL_ERROR' });
});
