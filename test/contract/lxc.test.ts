import assert from 'node:assert/strict';
import { lxc } from '../../htypes/lxc/lxc.ts';
import type { ContainerDescription } from '../../src/contracts/htype.ts';
import { check } from '../../src/testing/check.ts';
import { areRefusals, distorted, throws } from '../../src/testing/expect.ts';
import { htypeChecksAlone } from '../../src/testing/index.ts';
import { examine } from './examine.ts';

// With a container and LXC itself: lxc.lab.test.ts.
examine(htypeChecksAlone(lxc));

const description: ContainerDescription = {
  htype: 'lxc',
  id: 'phaul-no-such',
  trees: [],
  needs: ['/nonexistent/phaul'],
  meta: {
    lxcPath: '/var/lib/lxc',
    config: 'lxc.uts.name = ct101\n',
    rootfs: '/var/lib/lxc/phaul-no-such/rootfs',
    networkNamespace: '/run/netns/lxc-phaul-no-such',
    links: [{ net: 0, name: 'veth101' }],
    mounts: [{ at: '/data', from: '/srv/data' }],
    terminals: [{ key: 'tty[8801:2e]', places: ['/dev/tty1'], uid: 0, gid: 5, mode: 0o620 }],
    limits: [{ file: 'memory.max', value: '1024' }],
    devices: [{ file: 'devices.allow', value: 'c 1:3 rwm' }],
    apparmor: 'phaul-no-such-profile',
  },
};

examine([
  check('a description that no honest source would send is refused', async ({ context }) => {
    for (const meta of distorted(description.meta))
      await throws(
        () => lxc.target({ ...description, meta }, context()),
        'PROTOCOL_ERROR',
        JSON.stringify(meta),
      );
  }),
  check(
    'what the container needs and the target lacks is refused, and an abort does nothing',
    async ({ context }) => {
      const target = lxc.target(description, context());
      const refusals = (await target.refusals?.()) ?? [];
      areRefusals(refusals, 'target');
      for (const code of ['PATH_MISSING', 'APPARMOR_PROFILE'])
        assert.ok(
          refusals.some((refusal) => refusal.code === code),
          code,
        );
      await target.abort();
      await target.abort();
    },
  ),
]);
