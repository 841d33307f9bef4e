import test from 'ava';
import { runc } from '../../htypes/runc/runc.ts';
import type { ContainerDescription } from '../../src/contracts/htype.ts';
import { testHTypeAlone } from './htype.ts';
import { areRefusals, distorted, scratch } from './shared.ts';

// With a container and the runtime itself: test/migration, in the lab.
testHTypeAlone(runc);

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

test('a description that no honest source would send is refused', (t) => {
  const { context } = scratch(t);
  for (const meta of distorted(description.meta))
    t.throws(
      () => runc.target({ ...description, meta }, context()),
      { code: 'PROTOCOL_ERROR' },
      JSON.stringify(meta),
    );
});

test('what the container needs and the target lacks is refused, and an abort before anything does nothing', async (t) => {
  const { context } = scratch(t);
  const target = runc.target(description, context());
  const refusals = (await target.refusals?.()) ?? [];
  areRefusals(t, refusals, 'target');
  t.true(refusals.some(({ code }) => code === 'PATH_MISSING'));
  await target.abort();
  await target.abort();
});
