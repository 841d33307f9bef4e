import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { crun } from '../../htypes/crun.ts';
import { runc } from '../../htypes/runc.ts';
import type { ContainerDescription, HType } from '../../src/contracts/htype.ts';
import { check } from '../../src/testing/check.ts';
import { areRefusals, distorted, throws } from '../../src/testing/expect.ts';
import { type Check, htypeChecksAlone } from '../../src/testing/index.ts';
import { examine } from './examine.ts';

const description: Omit<ContainerDescription, 'htype'> = {
  id: 'phaul-no-such',
  trees: [],
  needs: ['/nonexistent/phaul'],
  meta: {
    bundle: '/srv/ct101',
    networkNamespace: '/run/netns/ct101',
    mountsFiles: false,
    systemd: false,
    cgroupMounts: [{ controller: 'cpu', destination: '/sys/fs/cgroup/cpu' }],
  },
};

/** With a container and the runtime itself: oci.lab.test.ts. */
const checks = (htype: HType): Check[] => [
  ...htypeChecksAlone(htype),
  check('a description that no honest source would send is refused', async ({ context }) => {
    for (const meta of distorted(description.meta))
      await throws(
        () => htype.target({ ...description, htype: htype.name, meta }, context()),
        'PROTOCOL_ERROR',
      );
  }),
  check('a scope of systemd’s is refused where systemd does not run', async ({ context }) => {
    const meta = { ...(description.meta as object), systemd: true };
    const target = htype.target({ ...description, htype: htype.name, meta }, context());
    const codes = ((await target.refusals?.()) ?? []).map(({ code }) => code);
    assert.equal(codes.includes('SYSTEMD_MISSING'), !existsSync('/run/systemd/system'));
  }),
  check(
    'what the container needs and the target lacks is refused, and an abort does nothing',
    async ({ context }) => {
      const target = htype.target({ ...description, htype: htype.name }, context());
      const refusals = (await target.refusals?.()) ?? [];
      areRefusals(refusals, 'target');
      assert.ok(refusals.some(({ code }) => code === 'PATH_MISSING'));
      await target.abort();
      await target.abort();
    },
  ),
];

for (const htype of [runc, crun])
  examine(checks(htype).map(({ name, run }) => ({ name: `${htype.name}: ${name}`, run })));
