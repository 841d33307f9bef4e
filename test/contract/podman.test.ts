import { podman } from '../../htypes/podman/podman.ts';
import type { Json } from '../../src/contracts/context.ts';
import type { ContainerDescription } from '../../src/contracts/htype.ts';
import { check } from '../../src/testing/check.ts';
import { areRefusals, throws } from '../../src/testing/expect.ts';
import { htypeChecksAlone } from '../../src/testing/index.ts';
import { examine } from './examine.ts';

// The whole, where podman is: podman.lab.test.ts.
examine(htypeChecksAlone(podman));

const id = 'f'.repeat(64);
const storage = '/var/lib/containers/storage';
const description: ContainerDescription = {
  htype: 'podman',
  id: 'phaul-no-such',
  trees: [],
  needs: ['/nonexistent/phaul'],
  meta: {
    id,
    image: { id, name: 'localhost/lab:1' },
    version: '5.4.2',
    graphRoot: storage,
    runRoot: '/run/containers/storage',
    config: { id, name: 'phaul-no-such', runtime: 'crun', spec: {} },
    spec: { root: {} },
    networkStatus: null,
    volumes: [{ name: 'data', labels: {} }],
    shmBytes: 65_536_000,
    log: `${storage}/overlay-containers/${id}/userdata/ctr.log`,
    networks: ['podman'],
    pipes: [{ fd: 1, key: 'pipe:[1]' }],
    cgroupMounts: [{ controller: 'cpu', destination: '/sys/fs/cgroup/cpu' }],
  },
};

examine([
  check('a description that no honest source would send is refused', async ({ context }) => {
    const meta = description.meta as Readonly<Record<string, Json>>;
    const wrong: Readonly<Record<string, readonly Json[]>> = {
      id: ['', 'F'.repeat(64), '../x', 1],
      image: [{ id, name: 1 }, { id: 'x', name: 'x' }, id],
      graphRoot: ['x', '/x/../y', null],
      runRoot: ['x', '/x/../y', null],
      config: [
        null,
        'x',
        [],
        { id, name: 'other', runtime: 'crun' },
        { id: '0'.repeat(64), name: 'phaul-no-such', runtime: 'crun' },
        ...['kata', '--crun', '../crun', '/x/../crun', '', null].map((runtime) => ({
          id,
          name: 'phaul-no-such',
          runtime,
        })),
      ],
      spec: [null, 'x', []],
      volumes: [
        [{ name: '../x', labels: {} }],
        [{ name: '-x', labels: {} }],
        [{ name: 'x', labels: { a: 1 } }],
        {},
      ],
      shmBytes: [-1, 0, '1'],
      log: ['x', '/x/../y'],
      networks: [['-x'], ['../x'], 'x'],
      pipes: [[{ fd: 3, key: 'pipe:[1]' }], [{ fd: 1, key: 'net[1]' }]],
      cgroupMounts: [[{ controller: 1, destination: '/x' }], [{ controller: 'cpu', destination: 'x' }]],
    };
    for (const [member, values] of Object.entries(wrong))
      for (const value of [undefined, ...values])
        await throws(
          () => podman.target({ ...description, meta: { ...meta, [member]: value } }, context()),
          'PROTOCOL_ERROR',
          `${member}: ${JSON.stringify(value)}`,
        );
    for (const meta of [{}, null, 'meta'])
      await throws(() => podman.target({ ...description, meta }, context()), 'PROTOCOL_ERROR');
  }),
  check('on a host without podman it is refused, and an abort does nothing', async ({ context }) => {
    const target = podman.target(description, context());
    areRefusals((await target.refusals?.()) ?? [], 'target');
    await target.abort();
    await target.abort();
  }),
]);
