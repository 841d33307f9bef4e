import test from 'ava';
import { decodeResponse, decodeStats, encodeRequest } from '../../criu-proto/messages.ts';
import { decodeRequest, encodeResponse, encodeStats } from '../criu/codec.ts';

const sent = test.macro({
  exec: (t, request: Parameters<typeof encodeRequest>[0]) => {
    t.deepEqual(decodeRequest(encodeRequest(request)), request as never);
  },
  title: (what) => `${what} is sent with exactly the fields that are set`,
});
test('a bare request', sent, { type: 'VERSION' });
test('an acknowledgement', sent, { type: 'NOTIFY', notify_success: true });
test('a refusal', sent, { type: 'NOTIFY', notify_success: false });
test('a dump', sent, {
  type: 'DUMP',
  opts: {
    images_dir_fd: -1,
    images_dir: '/run/phaul/x/images/1',
    pid: 4711,
    ps: { fd: 0 },
    tcp_established: true,
    shell_job: false,
    ext_mnt: [{ key: '/a', val: '/b' }],
    external: ['net[4026532281]:extRootNetNS'],
    manage_cgroups_mode: 'SOFT',
    network_lock: 'SKIP',
    ghost_limit: 2 ** 28,
  },
});
test('a restore', sent, {
  type: 'RESTORE',
  opts: {
    images_dir_fd: -1,
    inherit_fd: [{ key: 'extRootNetNS', fd: 4 }],
    cg_root: [{ ctrl: 'memory', path: '/x' }],
    leave_stopped: true,
  },
});

// As CRIU's own encoder puts them (images/rpc.proto): numbers of fields and enums must not drift.
test('the bytes are those of the protocol', (t) => {
  t.is(encodeRequest({ type: 'VERSION', keep_open: true }).toString('hex'), '080a2001');
  t.is(encodeRequest({ type: 'NOTIFY', notify_success: false }).toString('hex'), '08061800');
  const opts = { images_dir_fd: -1, network_lock: 'SKIP', images_dir: '/a' } as const;
  t.is(
    encodeRequest({ type: 'DUMP', opts }).toString('hex'),
    '0801121308ffffffffffffffffff01800403a204022f61',
  );
});

test('what CRIU leaves out is left out', (t) => {
  t.deepEqual(decodeResponse(encodeResponse({ type: 'DUMP', success: true })), {
    type: 'DUMP',
    success: true,
  });
  const version = { major_number: 4, minor_number: 0 };
  const answer = { type: 'VERSION', success: true, version };
  t.deepEqual(decodeResponse(encodeResponse(answer)), answer);
});

test('a field of a newer CRIU is ignored', (t) => {
  const unknown = Buffer.concat([
    encodeResponse({ type: 'DUMP', success: true }),
    Buffer.from([0xfa, 0x3e, 0x01, 0x41]),
  ]);
  t.deepEqual(decodeResponse(unknown), { type: 'DUMP', success: true });
});

test('statistics come in plain numbers', (t) => {
  const restore = {
    pages_compared: 2 ** 50,
    pages_skipped_cow: 0,
    forking_time: 2 ** 32 - 1,
    restore_time: 1,
    pages_restored: 9,
  };
  t.deepEqual(decodeStats(encodeStats({ restore })), { restore } as never);
});

const garbage = test.macro({
  exec: (t, bytes: number[]) => {
    t.throws(() => decodeResponse(Buffer.from(bytes)), { any: true });
  },
  title: (what) => `${what} is no answer`,
});
test('nothing', garbage, []);
test('a type alone', garbage, [8, 1]);
test('a field cut off', garbage, [8, 1, 16, 1, 42, 200]);
test('bytes of another protocol', garbage, [...Buffer.from('HTTP/1.1 200 OK')]);
