import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import type { Refusal } from '../../../src/errors.ts';
import { ghostLimit } from '../../../src/criu/requests.ts';
import { processTree } from '../../../src/linux/processes.ts';
import { foreignSessions, traced } from '../../../src/migration/surprises/bonds.ts';
import { deletedFiles } from '../../../src/migration/surprises/deleted-files.ts';
import { surprises } from '../../../src/migration/surprises/find.ts';
import { nestedNamespaces, sharedIpc } from '../../../src/migration/surprises/namespaces.ts';
import { hostNetwork, hostSockets, namelessNetwork } from '../../../src/migration/surprises/networks.ts';
import { outsideEnds } from '../../../src/migration/surprises/outside-ends.ts';
import { outsideFiles } from '../../../src/migration/surprises/outside-files.ts';
import { unsupportedSockets } from '../../../src/migration/surprises/sockets.ts';
import { choices, program, sceneOf, sceneWith } from './program.ts';

function home(t: ExecutionContext): string {
  const path = mkdtempSync('/tmp/phaul-surprise-');
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

function one(t: ExecutionContext, refusals: readonly Refusal[], code: string, message: RegExp): void {
  t.is(refusals.length, 1, JSON.stringify(refusals));
  t.like(refusals[0], { code, host: 'source' });
  t.regex(refusals[0]?.message ?? '', message);
}

test('a plain process in a session of its own has no surprises', async (t) => {
  const lines = `
kept = os.pipe(), socket.socketpair(), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW), os.memfd_create('x')
server = socket.create_server(('', 0)); near = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(near.getsockname()); served = near.accept()
path = os.fork()`;
  const pid = await program(t, lines);
  const pids = await processTree(pid);
  t.is(pids.length, 2);
  const { refusals, ports } = await surprises(pids, {}, choices, new AbortController().signal);
  t.deepEqual(refusals, []);
  // Both processes have them.
  t.deepEqual(ports.map(({ protocol, address }) => `${protocol} ${address}`).sort(), [
    'tcp 0.0.0.0',
    'tcp 127.0.0.1',
  ]);
});

test('a socket to the hypervisor and one of Multipath TCP are found', async (t) => {
  const lines = 'kept = socket.socket(40, socket.SOCK_STREAM), socket.socket(2, socket.SOCK_STREAM, 262)';
  const { members } = await sceneWith(t, lines);
  const found = unsupportedSockets(members);
  t.deepEqual(
    found.map(({ code, message }) => [code, /\(vsock\)|Multipath TCP/.exec(message)?.[0]]),
    [
      ['SOCKET_UNSUPPORTED', '(vsock)'],
      ['SOCKET_UNSUPPORTED', 'Multipath TCP'],
    ],
  );
  t.regex(found[1]?.hint ?? '', /GODEBUG=multipathtcp=0/);
});

test('a Unix connection to somebody outside is found, with who that is', async (t) => {
  const path = join(home(t), 'a socket');
  const server = createServer().listen(path);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const connect = `kept = socket.socket(socket.AF_UNIX); kept.connect(${JSON.stringify(path)})`;
  const found = await sceneWith(t, connect);
  one(
    t,
    await outsideEnds(found),
    'PEER_OUTSIDE',
    /^python3 \(pid \d+\) is connected through a Unix socket \(descriptor 3\) to .* \(pid \d+\) outside of the container at .*\/a socket\.$/,
  );
});

test('a pipe to somebody outside is found; one that stays in the container, or whose other end is closed, is not', async (t) => {
  const outside = await program(t, 'kept = os.pipe()');
  const lines = `kept = os.open('/proc/${outside}/fd/3', os.O_RDONLY)`;
  const message = new RegExp(
    `\\(descriptor 3\\) whose other end python3 \\(pid ${outside}\\) outside of the container has`,
  );
  one(t, await outsideEnds(await sceneWith(t, lines)), 'PEER_OUTSIDE', message);
  const lonely = await sceneWith(t, 'kept, end = os.pipe(); os.close(end); both = os.pipe()');
  t.deepEqual(await outsideEnds(lonely), []);
});

test('a file that is in none of the mounts is found, and at the standard files there is another hint', async (t) => {
  const lines = `
libc = ctypes.CDLL(None)
kept = os.open('/proc/self/mountinfo', os.O_RDONLY)
assert libc.unshare(0x20000) == 0 and libc.mount(b'none', b'/', None, 0x44000, None) == 0
assert libc.mount(b'x', b'/mnt', b'tmpfs', 0, None) == 0
inside, log = os.open('/mnt/in', os.O_CREAT), os.open('/mnt/out', os.O_CREAT)
os.dup2(log, 2); os.close(log)
assert libc.umount2(b'/mnt', 2) == 0; os.close(inside); os.close(kept); os.close(0)
`;
  const found = outsideFiles(await sceneWith(t, lines));
  one(t, found, 'FILE_OUTSIDE', /has \/out open as descriptor 2, which is outside of the container/);
  t.regex(found[0]?.hint ?? '', /standard files/);
});

test('a deleted file travels, unless it is too large or has another name', async (t) => {
  const at = JSON.stringify(home(t));
  const lines = `
at = ${at}
def deleted(name, size):
  fd = os.open(at + '/' + name, os.O_CREAT | os.O_RDWR); os.posix_fallocate(fd, 0, size); os.unlink(at + '/' + name); return fd
kept = deleted('small', 4096), deleted('large', ${ghostLimit + 4096})
two = os.open(at + '/two', os.O_CREAT | os.O_RDWR); os.link(at + '/two', at + '/other'); os.unlink(at + '/two')
odd = os.open(at + '/odd (deleted)', os.O_CREAT)`;
  const found = await deletedFiles(await sceneWith(t, lines));
  t.deepEqual(
    found.map(({ code, message }) => [code, /large|two/.exec(message)?.[0]]),
    [
      ['FILE_DELETED', 'large'],
      ['FILE_DELETED', 'two'],
    ],
  );
});

test('a container in the container is found, with what makes it one', async (t) => {
  const lines = `
libc = ctypes.CDLL(None)
if os.fork() == 0:
  libc.unshare(0x04000000); libc.unshare(0x20000000)
  if os.fork() == 0: os.close(1); time.sleep(1000)
  os.close(1); time.sleep(1000)
time.sleep(0.5)`;
  const found = nestedNamespaces(await sceneOf(...(await processTree(await program(t, lines)))));
  t.deepEqual(
    found.map(({ code, message }) => [code, /\(namespaces of its own: (.*)\)/.exec(message)?.[1]]),
    [
      ['NESTED_CONTAINER', 'uts'],
      ['NESTED_CONTAINER', 'pid, uts'],
    ],
  );
});

test('System V shared memory is found where it is the host’s', async (t) => {
  const lines = `
libc = ctypes.CDLL(None); libc.shmat.restype = ctypes.c_void_p
number = libc.shmget(0, 4096, 0o600); assert libc.shmat(number, None, 0); libc.shmctl(number, 0, None)`;
  const found = await sceneWith(t, lines);
  one(t, await sharedIpc(found), 'IPC_SHARED', /System V/);
  t.deepEqual(await sharedIpc({ ...found, host: { ...found.host, ipc: 'ipc:[1]' } }), []);
});

test('a traced process is found, with its tracer', async (t) => {
  const lines = `
child = os.fork()
if child == 0: os.close(1); time.sleep(1000)
libc = ctypes.CDLL(None); libc.ptrace(0x4206, child, 0, 0)`;
  const pids = await processTree(await program(t, lines));
  one(
    t,
    await traced(await sceneOf(...pids)),
    'PROCESS_TRACED',
    /^python3 \(pid \d+\) is traced by python3 \(pid \d+\)/,
  );
});

test('a job of a shell is found, and --shell-job takes it', async (t) => {
  // It is the shell itself until it has become another program.
  const job = 'sleep 1000 & until grep -q sleep /proc/$!/comm; do :; done; echo $!; wait';
  const shell = spawn('sh', ['-c', job], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  t.teardown(() => process.kill(-shell.pid!, 'SIGKILL'));
  const [pid] = (await once(shell.stdout, 'data')) as [Buffer];
  const found = await sceneOf(Number(pid));
  one(
    t,
    foreignSessions(found),
    'SESSION_OUTSIDE',
    new RegExp(`sleep \\(pid \\d+\\).*\\(pid ${shell.pid}\\)`),
  );
  t.deepEqual(foreignSessions({ ...found, options: { ...choices, shellJob: true } }), []);
});

test('connections through the host’s own network are found, and so is what waits at its addresses', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const found = await sceneWith(
    t,
    `kept = socket.create_connection(('127.0.0.1', ${port})), socket.create_server(('', 0))`,
  );
  const sockets = await hostSockets(found);
  t.is(sockets.length, 2);
  one(t, hostNetwork(sockets, found), 'HOST_NETWORK', new RegExp(`connection to 127.0.0.1:${port} through`));
  t.deepEqual(hostNetwork(sockets, { ...found, options: { ...choices, tcp: false } }), []);
  t.deepEqual(await hostSockets({ ...found, host: { ...found.host, net: 'net:[1]' } }), []);
  const elsewhere = sockets.map((socket) => ({
    ...socket,
    connected: false,
    local: { address: '10.0.0.7', port: 80 },
  }));
  t.regex(hostNetwork(elsewhere, found)[0]?.message ?? '', /a socket at 10\.0\.0\.7:80 \(tcp\)/);
});

test('a network without a name is found where there is something in it', async (t) => {
  const lines = `libc = ctypes.CDLL(None); assert libc.unshare(0x40000000) == 0`;
  const empty = await sceneWith(t, lines);
  t.deepEqual(await namelessNetwork(empty), []);
  const linked = await sceneWith(t, `${lines}; os.system('ip link add left type veth peer name right')`);
  one(t, await namelessNetwork(linked), 'NETWORK_UNSUPPORTED', /\((right|left), (right|left)\)/);
  const named = { ...linked, container: { network: { namespace: '/run/netns/x' } } };
  t.deepEqual(await namelessNetwork(named), []);
  const told = { ...linked, container: { live: { dump: { external: ['veth[left]:x'] } } } };
  t.deepEqual(await namelessNetwork(told), []);
});
