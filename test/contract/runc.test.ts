import assert from 'node:assert/strict';
import { runc } from '../../htypes/runc.ts';
import type { ContainerDescription } from '../../src/contracts/htype.ts';
import { check } from '../../src/testing/check.ts';
import { areRefusals, distorted, throws } from '../../src/testing/expect.ts';
import { htypeChecksAlone } from '../../src/testing/index.ts';
import { examine } from './examine.ts';

// With a container and the runtime itself: runc.lab.test.ts.
examine(htypeChecksAlone(runc));

const description: ContainerDescription = {
  htype: 'runc',
  id: 'phaul-no-such',
  trees: [],
  needs: ['/nonexistent/phaul'],
  meta: {
    bundle: '/srv/ct101',
    networkNamespace: '/run/netns/ct101',
    mountsFiles: false,
    cgroupMounts: [{ controller: 'cpu', destination: '/sys/fs/cgroup/cpu' }],
  },
};

examine([
  check('a description that no honest source would send is refused', async ({ context }) => {
    for (const meta of distorted(description.meta))
      await throws(() => runc.target({ ...description, meta }, context()), 'PROTOCOL_ERROR');
  }),
  check(
    'what the container needs and the target lacks is refused, and an abort does nothing',
    async ({ context }) => {
      const target = runc.target(description, context());
      const refusals = (await target.refusals?.()) ?? [];
      areRefusals(refusals, 'target');
      assert.ok(refusals.some(({ code }) => code === 'PATH_MISSING'));
      await target.abort();
      await target.abort();
    },
  ),
]);
