// Plain process trees, moved by the pid of their root.
import test from 'ava';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { type Footprint, footprint, isAsBefore } from '../migration/footprint.ts';
import { phaul } from '../migration/phaul.ts';
import { failed } from '../migration/stage.ts';

let lab: Lab;
let empty: readonly Footprint[];
test.before(async () => {
  lab = await Lab.up();
  // What the first use of the tools makes.
  await phaul(lab.host('a'), ['--dry-run', '1', 'b']);
  await startJob(lab.host('a'));
  await clearAway();
  empty = await Promise.all([footprint(lab.host('a')), footprint(lab.host('b'))]);
});
test.afterEach.always(clearAway);
test.after.always(() => Lab.down());

async function clearAway(): Promise<void> {
  for (const host of [lab.host('a'), lab.host('b')])
    await host.sh(
      "while pkill -KILL -f '^(python3 .*job|sleep 1000)'; do sleep 0.02; done; rm -rf /srv/job /srv/.phaul-left-job /run/job.pid",
    );
}

// A parent that writes what its child counts, and a file that has been deleted.
const program = `
import os, sys, time
numbers, write = os.pipe()
if os.fork() == 0:
    count = 0
    while True:
        count += 1
        os.write(write, b'.')
        time.sleep(0.005)
data = open('/srv/job/data')
deleted = open('/srv/job/deleted', 'w+')
deleted.write('still here')
deleted.flush()
os.unlink('/srv/job/deleted')
count = 0
while True:
    count += len(os.read(numbers, 4096))
    deleted.seek(0)
    assert deleted.read() == 'still here'
    with open('/srv/job/new', 'w') as file: file.write(str(count))
    os.replace('/srv/job/new', '/srv/job/count')
`;

/** Lists its processes. */
const jobs = "pgrep -f '^python3 .*job'";

/** Starts it on a host, in a session of its own; gives its pid. Its pids are high, to be free on the other host. */
async function startJob(
  host: Host,
  how = (job: string): string => `setsid ${job} & echo $!`,
): Promise<string> {
  await host.sh('mkdir -p /srv/job; echo data >/srv/job/data; echo 20000 >/proc/sys/kernel/ns_last_pid');
  await host.write('/srv/job/job.py', program);
  const pid = await host.sh(how('python3 /srv/job/job.py </dev/null >/dev/null 2>&1'));
  // The shell's child is Python only some time later.
  await host.sh(`until ${jobs} >/dev/null; do sleep 0.02; done`, { timeoutMs: 60_000 });
  await counted(host, 0);
  return pid;
}

/** Waits until the job has counted beyond a number; gives what it counted. */
async function counted(host: Host, beyond: number): Promise<number> {
  return Number(
    await host.sh(
      `
      until [ "$(cat /srv/job/count 2>/dev/null || echo 0)" -gt ${beyond} ]; do
        pgrep -f '^python3 .*job' >/dev/null || { echo the job has ended >&2; exit 1; }
        sleep 0.02
      done
      cat /srv/job/count`,
      { timeoutMs: 60_000 },
    ),
  );
}

test.serial('a process tree moves with its files, goes on, and comes back', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const pid = await startJob(a);
  const onA = await counted(a, 10);
  const args = ['--type', 'pid', '--pid-root', '/srv/job', '--dst-rpid', '/run/job.pid', pid, 'b'];
  const there = await phaul(a, args);
  t.is(there.exitCode, 0, there.text);
  t.like(there.summary, { container: pid, htype: 'pid', files: [{ driver: 'rsync' }], pid: Number(pid) });
  t.is(await b.sh('cat /run/job.pid'), pid);
  t.is(await a.sh(`${jobs} || true`), '');
  t.is(await b.sh(`${jobs} | wc -l`), '2');
  const onB = await counted(b, onA + 10);
  t.is(await b.sh('cat /srv/job/data; ls /run/phaul'), 'data');
  t.is(await a.sh('ls /run/phaul'), '');

  const back = await phaul(b, ['--pid-root', '/srv/job', pid, 'a']);
  t.is(back.exitCode, 0, back.text);
  await counted(a, onB + 10);
  await clearAway();
  await Promise.all([isAsBefore(t, a, empty[0]!), isAsBefore(t, b, empty[1]!)]);
});

test.serial('a pid that is taken on the target refuses', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const pid = await startJob(a);
  const taker = await b.sh(`
    echo ${Number(pid) - 1} >/proc/sys/kernel/ns_last_pid
    setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $!`);
  t.is(taker, pid, 'the sleep got the pid');
  const before = await footprint(b);
  const end = await phaul(a, ['--pid-root', '/srv/job', pid, 'b']);
  failed(t, end, { code: 'PID_TAKEN', message: new RegExp(`${pid} is in use by sleep`), host: 'target' });
  await isAsBefore(t, b, before);
  await counted(a, await counted(a, 0));
  await b.sh(`kill ${taker}`);
});

test.serial('a file for the pid that is there already refuses', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const pid = await startJob(a);
  await b.sh('echo 1 >/run/job.pid');
  const end = await phaul(a, ['--pid-root', '/srv/job', '--dst-rpid', '/run/job.pid', pid, 'b']);
  failed(t, end, { code: 'PATH_TAKEN', message: /\/run\/job\.pid/, host: 'target' });
  t.is(await b.sh('cat /run/job.pid'), '1');
  await counted(a, await counted(a, 0));
});

test.serial('files that are open but not on the target refuse', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const pid = await startJob(a);
  failed(t, await phaul(a, [pid, 'b']), {
    code: 'PATH_MISSING',
    message: /uses \/srv\/job\/data/,
    host: 'target',
  });
  await isAsBefore(t, b, empty[1]!);
  await b.sh('mkdir /srv/job; echo other >/srv/job/data');
  failed(t, await phaul(a, [pid, 'b']), {
    code: 'FILE_DIFFERS',
    message: /\/srv\/job\/data/,
    host: 'target',
  });
});

test.serial('a restore that fails leaves nothing, and the tree runs on', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const pid = await startJob(a);
  // CRIU wants the same mode, too.
  await b.sh('mkdir /srv/job; echo data >/srv/job/data; chmod 600 /srv/job/data');
  const before = await footprint(b);
  const end = await phaul(a, [pid, 'b']);
  failed(t, end, { code: 'CRIU_RESTORE', host: 'target' });
  await isAsBefore(t, b, before);
  await counted(a, await counted(a, 0));
  t.is(await a.sh(`ls /run/phaul; ps -o stat= -p ${pid} | cut -c1 | grep -v T | wc -l`), '1');
});

test.serial('no such pid', async (t) => {
  failed(t, await phaul(lab.host('a'), ['--type', 'pid', '31999', 'b']), {
    code: 'CONTAINER_UNKNOWN',
    state: 'unknown',
  });
});

test.serial('a tree whose session is outside of it moves with --shell-job, and not without', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const pid = await startJob(
    a,
    (job) => `setsid sh -c '${job} & echo $!; exec sleep 1000 </dev/null >/dev/null 2>&1' &`,
  );
  const refused = await phaul(a, ['--pid-root', '/srv/job', pid, 'b']);
  failed(t, refused, { code: 'SESSION_OUTSIDE', act: 'preflight', host: 'source' });
  await isAsBefore(t, b, empty[1]!);
  const onA = await counted(a, await counted(a, 0));

  const { exitCode, text } = await phaul(a, ['-j', '--pid-root', '/srv/job', pid, 'b']);
  t.is(exitCode, 0, text);
  await counted(b, onA);
});

test.serial('a target rehearses a restore, and nothing of that stays', async (t) => {
  const b = lab.host('b');
  const rehearse = async (criu: string, signal: string): Promise<unknown> => {
    const program = `
      import { rehearseRestore } from '/opt/phaul/dist/src/service/rehearse.js';
      console.log(JSON.stringify(await rehearseRestore('${criu}', '/tmp', ${signal})));`;
    const { stdout } = await b.run(['node', '--input-type=module', '-e', program]);
    return JSON.parse(stdout);
  };
  t.true(Number(await rehearse('criu', 'new AbortController().signal')) > 0);
  t.is(await rehearse('criu', 'AbortSignal.abort()'), null, 'a migration that has been given up');
  t.is(await rehearse('/nonexistent/criu', 'new AbortController().signal'), null);
  await isAsBefore(t, b, empty[1]!);
});
