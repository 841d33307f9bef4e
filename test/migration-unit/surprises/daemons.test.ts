// What daemons that people run do, each of which made CRIU fail in the freeze, or was lost without a word.
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parseListening } from '../../../src/linux/unix-peers.ts';
import { deletedFiles } from '../../../src/migration/surprises/deleted-files.ts';
import { ownTerminals } from '../../../src/migration/surprises/new-terminals.ts';
import { outsideEnds } from '../../../src/migration/surprises/outside-ends.ts';
import { renamedSockets } from '../../../src/migration/surprises/renamed-sockets.ts';
import { sharedCode } from '../../../src/migration/surprises/shared-code.ts';
import { foreignLimits } from '../../../src/migration/surprises/unreadable-limits.ts';
import { processTree } from '../../../src/linux/processes.ts';
import { program, sceneOf, sceneWith } from './program.ts';

function home(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'phaul-daemons-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('PHP: shared memory with code, the first that may be executed', async (t) => {
  const lines = (address: string, flags: number): string => `
libc = ctypes.CDLL(None)
libc.mmap.restype, libc.mmap.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
assert libc.mmap(${address}, 65536, 5, ${flags}, -1, 0) == ${address}`;
  const [shared, own, fixed] = [0x21, 0x22, 0x100000];
  const php = await sceneWith(t, lines('0x10000000', shared | fixed));
  const [refusal, ...others] = await sharedCode(php.members);
  t.like(refusal, { code: 'MEMORY_UNSUPPORTED', host: 'source' });
  t.regex(refusal?.message ?? '', /begins with code in shared memory \(at 10000000\)/);
  t.deepEqual(others, []);
  t.deepEqual(await sharedCode((await sceneWith(t, lines('0x10000000', own | fixed))).members), []);
  // Behind the program's own nobody minds it.
  t.deepEqual(await sharedCode((await sceneWith(t, lines('0x7e0000000000', shared | fixed))).members), []);
});

test('supervisord: a Unix socket that was renamed after it was bound', async (t) => {
  const at = home(t);
  const listens = (name: string, more = ''): string =>
    `s = socket.socket(socket.AF_UNIX); s.bind('${at}/${name}'); s.listen()${more}`;
  const scene = await sceneWith(
    t,
    listens('s.1', `; os.link('${at}/s.1', '${at}/s'); os.unlink('${at}/s.1')`),
  );
  const found = await renamedSockets(scene);
  t.is(found.length, 1);
  t.like(found[0], { code: 'SOCKET_UNSUPPORTED', host: 'source' });
  t.true(found[0]?.message.includes(`${at}/s, which was ${at}/s.1 when it was made`));
  for (const lines of [listens('plain'), listens('gone', `; os.unlink('${at}/gone')`)])
    t.deepEqual(await renamedSockets(await sceneWith(t, lines)), []);
});

test('of a socket that listens ss tells the name, and the inode of its file', (t) => {
  const said = `
u_str LISTEN 0      128    /run/a socket.1 2484844 * 0 <-> ino:17 dev:0/93 peers:
u_str LISTEN 0      128    @abstract 2484845 * 0 <-> peers:
u_dgr UNCONN 0      0      /dev/log 131 * 0 <-> ino:18 dev:0/93 peers:
`;
  t.deepEqual(parseListening(said), [{ inode: 2484844, name: '/run/a socket.1', file: 17 }]);
});

test("sshd: a user's shell with /dev/tty, whose terminal sshd has, too", async (t) => {
  const pid = await program(
    t,
    `
import pty
child, fd = pty.fork()
if child == 0: tty = os.open('/dev/tty', os.O_RDWR); os.write(1, b'!'); time.sleep(1000)
assert os.read(fd, 1) == b'!'`,
  );
  const scene = await sceneOf(...(await processTree(pid)));
  const found = ownTerminals(scene);
  t.is(found.length, 1);
  t.like(found[0], { code: 'TERMINAL_OUTSIDE', host: 'source' });
  t.regex(found[0]?.message ?? '', new RegExp(`\\(pid ${scene.members[1]?.pid}\\).*/dev/tty`));
});

test('daemons of other users, where phaul may not read their limits', async (t) => {
  const { members, host } = await sceneWith(t, 'os.setgid(65534); os.setuid(65534)');
  const own = await readFile('/proc/self/status', 'utf8');
  const capable = (effective: string): string => own.replace(/^CapEff:.*$/m, `CapEff:\t${effective}`);
  const found = foreignLimits(capable('000001fffeffffff'), members, host);
  t.deepEqual(
    found.map(({ code }) => code),
    ['CAPABILITY_MISSING'],
  );
  t.regex(found[0]?.message ?? '', /user other than root.*CAP_SYS_RESOURCE/);
  t.deepEqual(foreignLimits(capable('000001ffffffffff'), members, host), []);
  // Over the users of a namespace that root has made it has all capabilities.
  t.deepEqual(foreignLimits(capable('0'), members, { ...host, user: 'user:[1]' }), []);
  t.deepEqual(foreignLimits(capable('0'), (await sceneWith(t, '')).members, host), []);
});

test('a shell: processes that it has begun since its own were counted are not outside', async (t) => {
  const pid = await program(
    t,
    'kept = os.pipe()\nif os.fork() == 0: os.close(kept[0]); os.close(1); time.sleep(1000)\nos.close(kept[1])',
  );
  t.is((await processTree(pid)).length, 2);
  t.deepEqual(await outsideEnds(await sceneOf(pid)), []);
});

test('a POSIX semaphore, as Python makes it: deleted under one name, and there under another', async (t) => {
  const lines = `
libc = ctypes.CDLL(None)
assert libc.unshare(0x20000) == 0 and libc.mount(b'none', b'/', None, 0x44000, None) == 0
assert libc.mount(b'x', b'/mnt', b'tmpfs', 0, None) == 0
kept = os.open('/mnt/one', os.O_CREAT | os.O_RDWR); os.link('/mnt/one', '/mnt/two'); os.unlink('/mnt/one')`;
  const scene = await sceneWith(t, lines);
  t.deepEqual(await deletedFiles(scene), []);
  // Given from outside, its files are nothing that CRIU would pack.
  const given = { live: { dump: { externalMounts: [{ key: '/mnt', value: '/mnt' }] } } } as Pick<
    typeof scene.container,
    'live'
  >;
  t.is((await deletedFiles({ ...scene, container: given })).length, 1);
});
