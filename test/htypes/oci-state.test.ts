// What the runtimes' own state says, in the form in which runc 1.1 and crun 1.21 write it.
import test from 'ava';
import { parseCrunState } from '../../htypes/oci/crun.ts';
import { parseRuncState } from '../../htypes/oci/runc.ts';
import { freezerOf, type OciState } from '../../htypes/oci/runtime.ts';
import { runtimeOf } from '../../htypes/oci/runtimes.ts';

const runcState = {
  id: 'ct101',
  init_process_pid: 90,
  init_process_start: 104527,
  config: {
    rootfs: '/srv/ct101/rootfs',
    mounts: [
      { source: 'proc', destination: '/proc', device: 'proc', flags: 0 },
      { source: '/srv/ct101-data', destination: '/data', device: 'bind', flags: 4096 },
      { source: '/etc/hosts', destination: '/etc/hosts', device: 'bind', flags: 4097 },
      { source: 'cgroup', destination: '/sys/fs/cgroup', device: 'cgroup', flags: 15 },
    ],
    namespaces: [
      { type: 'NEWPID', path: '' },
      { type: 'NEWNET', path: '/run/netns/ct101' },
    ],
    mask_paths: ['/proc/keys', '/sys/firmware'],
    labels: ['io.container.manager=libpod', 'bundle=/srv/ct101'],
  },
  cgroup_paths: { freezer: '/sys/fs/cgroup/freezer/ct101', 'name=systemd': '/sys/fs/cgroup/systemd/ct101' },
  namespace_paths: { NEWPID: '/proc/90/ns/pid' },
  external_descriptors: ['/dev/null', 'pipe:[7]', 'pipe:[8]'],
};

const crunStatus = {
  pid: 90,
  'process-start-time': 104527,
  'cgroup-path': '/ct101',
  scope: '',
  intelrdt: '',
  rootfs: 'rootfs',
  'systemd-cgroup': false,
  bundle: '/srv/ct101',
  created: '2026-11-29T09:31:53.538310Z',
  owner: 'root',
  detached: true,
  external_descriptors: '["/dev/null","pipe:[7]","pipe:[8]"]',
};
const crunConfig = {
  ociVersion: '1.0.2',
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/data', type: 'bind', source: '../ct101-data', options: ['rbind', 'ro', 'rw'] },
    { destination: '/etc/hosts', source: '/etc/hosts', options: ['bind', 'ro'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro'] },
  ],
  annotations: { 'io.container.manager': 'libpod' },
  linux: {
    namespaces: [{ type: 'pid' }, { type: 'network', path: '/run/netns/ct101' }],
    maskedPaths: ['/proc/keys', '/sys/firmware'],
  },
};

const state: OciState = {
  id: 'ct101',
  pid: 90,
  born: '104527',
  bundle: '/srv/ct101',
  rootfs: '/srv/ct101/rootfs',
  binds: [
    { source: '/srv/ct101-data', destination: '/data', readOnly: false },
    { source: '/etc/hosts', destination: '/etc/hosts', readOnly: true },
  ],
  networkNamespace: '/run/netns/ct101',
  maskedPaths: ['/proc/keys', '/sys/firmware'],
  cgroups: { freezer: '/sys/fs/cgroup/freezer/ct101', 'name=systemd': '/sys/fs/cgroup/systemd/ct101' },
  showsCgroups: true,
  standardFiles: ['/dev/null', 'pipe:[7]', 'pipe:[8]'],
  systemd: false,
  byPodman: true,
};

const fromRunc = (changed: object): OciState =>
  parseRuncState('ct101', JSON.stringify({ ...runcState, ...changed }));
const fromCrun = (
  status: object,
  config: object,
  controllers: string[] | null = ['freezer', 'name=systemd'],
): OciState =>
  parseCrunState(
    'ct101',
    {
      status: JSON.stringify({ ...crunStatus, ...status }),
      config: JSON.stringify({ ...crunConfig, ...config }),
    },
    controllers,
  );

test('both runtimes say the same of the same container', (t) => {
  t.deepEqual(fromRunc({}), state);
  t.deepEqual(fromCrun({}, {}), state);
});

test('with cgroup v2 there is one cgroup, and it freezes the container', (t) => {
  t.is(freezerOf(fromCrun({}, {}, null)), '/sys/fs/cgroup/ct101');
  t.is(freezerOf(fromRunc({ cgroup_paths: { '': '/sys/fs/cgroup/ct101' } })), '/sys/fs/cgroup/ct101');
  t.is(freezerOf(state), '/sys/fs/cgroup/freezer/ct101');
});

test('systemd has the cgroup where the runtime says so', (t) => {
  t.true(fromCrun({ 'systemd-cgroup': true }, {}).systemd);
  const cgroups = { parent: 'machine.slice', Systemd: true };
  t.true(fromRunc({ config: { ...runcState.config, cgroups } }).systemd);
});

test('a container with little in its configuration has nothing', (t) => {
  const { config } = runcState;
  const bare = { mounts: null, namespaces: null, mask_paths: null, labels: ['bundle=/srv/ct101'] };
  const nothing = {
    ...state,
    binds: [],
    networkNamespace: null,
    maskedPaths: [],
    showsCgroups: false,
    standardFiles: [],
    byPodman: false,
  };
  t.deepEqual(fromRunc({ config: { ...config, ...bare }, external_descriptors: null }), nothing);
  const less = { mounts: undefined, annotations: undefined, linux: undefined };
  t.deepEqual(fromCrun({ external_descriptors: undefined }, less), nothing);
});

test('in a cgroup namespace it does not see the host’s cgroups', (t) => {
  const namespaces = [...runcState.config.namespaces, { type: 'NEWCGROUP', path: '' }];
  t.false(fromRunc({ config: { ...runcState.config, namespaces } }).showsCgroups);
  const linux = { namespaces: [{ type: 'cgroup' }] };
  t.false(fromCrun({}, { linux }).showsCgroups);
});

test('a form that is not known is refused', (t) => {
  const unknown = { code: 'CONTAINER_UNSUPPORTED', message: /unknown form/ };
  t.throws(() => fromRunc({ init_process_pid: '90' }), unknown);
  t.throws(() => fromRunc({ config: { ...runcState.config, labels: [] } }), unknown);
  t.throws(() => fromCrun({ pid: '90' }, {}), unknown);
  t.throws(() => fromCrun({ 'cgroup-path': undefined }, {}), unknown);
  t.throws(() => fromCrun({ external_descriptors: '{}' }, {}), unknown);
  t.throws(() => fromCrun({}, { mounts: 'none' }), unknown);
});

test('podman names a runtime by a word or by a path', (t) => {
  t.is(runtimeOf('crun')?.name, 'crun');
  t.is(runtimeOf('/usr/bin/runc')?.name, 'runc');
  t.is(runtimeOf('kata'), null);
  t.is(runtimeOf('/usr/bin/crun-wasm'), null);
});
