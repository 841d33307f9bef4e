import test from 'ava';
import { dumpRequest, preDumpRequest, restoreRequest } from '../../src/criu/requests.ts';

const choices = { shellJob: false, tcp: 'keep' } as const;
const dump = { directory: '/run/x/images/2', pid: 7, settings: {}, choices, parent: null };

test('a dump sends its pages to its standard input, waits for the word, and leaves the network to the device', (t) => {
  t.like(dumpRequest(dump), {
    type: 'DUMP',
    opts: {
      images_dir: '/run/x/images/2',
      pid: 7,
      ps: { fd: 0 },
      notify_scripts: true,
      network_lock: 'SKIP',
    },
  });
});

test('memory is tracked only where there are iterations: some kernels cannot', (t) => {
  t.is(dumpRequest(dump).opts?.track_mem, undefined);
  t.is(dumpRequest(dump).opts?.parent_img, undefined);
  t.like(dumpRequest({ ...dump, parent: 1 }).opts, { track_mem: true, parent_img: '../1' });
  t.like(preDumpRequest(dump).opts, { track_mem: true, ps: { fd: 0 } });
});

test('what was deleted under one name and has another is given one for the way, in a dump alone', (t) => {
  t.like(dumpRequest(dump).opts, { link_remap: true });
  t.is(
    restoreRequest('/d', {}, { ...choices, leaveStopped: false, lazy: false }).opts?.link_remap,
    undefined,
  );
});

test('TCP connections are kept, or closed; never both', (t) => {
  t.like(dumpRequest(dump).opts, { tcp_established: true, tcp_close: undefined });
  const closing = { ...dump, choices: { ...choices, tcp: 'close' as const } };
  t.like(dumpRequest(closing).opts, { tcp_established: undefined, tcp_close: true });
});

test('a container’s cgroups go along, mounts of huge pages, and what inotify watches by its path', (t) => {
  const settings = { cgroupRoots: [{ controller: '', path: '/c' }] };
  t.like(dumpRequest({ ...dump, settings }).opts, { force_irmap: true, enable_fs: ['hugetlbfs'] });
  t.deepEqual(dumpRequest({ ...dump, settings }).opts?.cg_root, [{ ctrl: '', path: '/c' }]);
});

test('a restore takes inherited files in their order, from descriptor 4 on', (t) => {
  const inherit = [
    { key: 'net', path: '/run/netns/a' },
    { key: 'log', path: '/var/log/a' },
  ];
  const request = restoreRequest(
    '/d',
    { inherit, cgroupRoots: [{ controller: 'cpu', path: '/c' }] },
    {
      ...choices,
      leaveStopped: true,
      lazy: true,
    },
  );
  t.like(request.opts, { leave_stopped: true, lazy_pages: true, notify_scripts: true });
  t.deepEqual(request.opts?.inherit_fd, [
    { key: 'net', fd: 4 },
    { key: 'log', fd: 5 },
  ]);
  t.deepEqual(request.opts?.cg_root, [{ ctrl: 'cpu', path: '/c' }]);
});
