import test from 'ava';
import { anonymousFiles } from '../../../src/migration/surprises/anonymous-files.ts';
import { few } from '../../../src/few.ts';
import { surprises } from '../../../src/migration/surprises/find.ts';
import { openDevices } from '../../../src/migration/surprises/open-devices.ts';
import { choices, program, sceneWith } from './program.ts';

const syscall = 'libc = ctypes.CDLL(None)\nlibc.syscall.restype = ctypes.c_long\n';

test('an io_uring is found, with who has it and what to do', async (t) => {
  const { members } = await sceneWith(
    t,
    `${syscall}assert libc.syscall(425, 4, ctypes.create_string_buffer(120)) == 3`,
  );
  t.deepEqual(anonymousFiles(members), [
    {
      code: 'IO_URING',
      message: `python3 (pid ${members[0]?.pid}) uses io_uring (descriptor 3), which CRIU cannot move.`,
      hint: 'Start the container anew with kernel.io_uring_disabled=2 (sysctl): programs then do without.',
      host: 'source',
    },
  ]);
});

test('a userfaultfd is found', async (t) => {
  const { members } = await sceneWith(t, `${syscall}assert libc.syscall(323, os.O_CLOEXEC) >= 0`);
  const [refusal, ...others] = anonymousFiles(members);
  t.like(refusal, { code: 'FILE_UNSUPPORTED', host: 'source' });
  t.regex(refusal?.message ?? '', /has a userfaultfd open \(descriptor 3\)/);
  t.deepEqual(others, []);
});

test('what CRIU makes anew is no surprise', async (t) => {
  const lines = `
import select
poll = select.epoll()
libc = ctypes.CDLL(None)
assert libc.eventfd(0, 0) >= 0 and libc.inotify_init() >= 0 and libc.timerfd_create(1, 0) >= 0
assert libc.signalfd(-1, ctypes.create_string_buffer(128), 0) >= 0
kept = os.memfd_create('x'), os.open('/dev/null', os.O_RDONLY), os.open('/dev/urandom', os.O_RDONLY), os.openpty(), os.pipe()`;
  const plain = await sceneWith(t, lines);
  t.true((plain.members[0]?.descriptors.length ?? 0) >= 11);
  t.deepEqual([...anonymousFiles(plain.members), ...(await openDevices(plain))], []);
});

test('an open device is found, a block device too', async (t) => {
  const lines = `
import stat, tempfile
home = tempfile.mkdtemp()
os.mknod(home + '/disk', stat.S_IFBLK | 0o600, os.makedev(7, 0))
os.mknod(home + '/sound', stat.S_IFCHR | 0o600, os.makedev(10, 200))
kept = os.open(home + '/disk', os.O_RDONLY | os.O_NONBLOCK), os.open(home + '/sound', os.O_RDWR)
os.unlink(home + '/disk'); os.unlink(home + '/sound'); os.rmdir(home)`;
  const user = await sceneWith(t, lines);
  const found = await openDevices(user);
  t.deepEqual(
    found.map(({ code, message }) => [code, /disk \S*.*\(7:0\)|sound \S*.*\(10:200\)/.test(message)]),
    [
      ['DEVICE_OPEN', true],
      // A tunnel of the host's own network; one in a namespace can be moved.
      ['DEVICE_OPEN', true],
    ],
  );
  t.is((await openDevices({ ...user, host: { ...user.host, net: 'net:[1]' } })).length, 1);
});

test('all processes are looked at, and one that has ended is none', async (t) => {
  const lines = `${syscall}for _ in range(2): libc.syscall(425, 4, ctypes.create_string_buffer(120))`;
  const pids = [await program(t, ''), await program(t, lines), await program(t, lines)];
  const { refusals: found } = await surprises(
    [...pids, 4_194_305],
    {},
    choices,
    new AbortController().signal,
  );
  t.deepEqual(
    found.map(({ code }) => code),
    ['IO_URING', 'IO_URING', 'IO_URING'],
  );
  t.regex(found[2]?.message ?? '', /which CRIU cannot move\. \(And 1 more like that\.\)$/);
});

test('a few of each code are shown, and how many there are more', (t) => {
  const refusal = (code: 'IO_URING' | 'DEVICE_OPEN', message: string) =>
    ({ code, message, hint: '', host: 'source' }) as const;
  const many = ['a.', 'b.', 'c.', 'd.', 'e.'].map((message) => refusal('IO_URING', message));
  const one = refusal('DEVICE_OPEN', 'f.');
  t.deepEqual(
    few([many[0]!, one, ...many.slice(1)]).map(({ message }) => message),
    ['a.', 'b.', 'c. (And 2 more like that.)', 'f.'],
  );
  t.deepEqual(few(many.slice(0, 3)), many.slice(0, 3));
  // What helps against one of them does not help against the others.
  const other = { ...many[0]!, hint: 'Something else.' };
  t.true(few([...many, other]).includes(other));
});
