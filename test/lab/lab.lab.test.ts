import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { processesOf } from './cgroups.ts';
import { createContainer, ct101, removeContainer } from './container.ts';
import { hostNames } from './host.ts';
import { runsCommands } from './host-contract.ts';
import { Lab } from './lab.ts';
import { projectDirectory } from './paths.ts';
import { redis, startRedis } from './redis.ts';
import { startTraffic } from './traffic.ts';

const name = 'self-test';

test.before(() => Lab.down(name));
test.after.always(() => Lab.down(name));

test.serial('a lab comes up, and its hosts reach each other by name', async (t) => {
  const lab = await Lab.up(name);
  for (const host of hostNames) {
    for (const peer of hostNames) t.is(await lab.host(host).sh(`ssh ${peer} hostname`), peer);
  }
});

test.serial('a command over ssh finds phaul, and CRIU that can dump TCP sockets', async (t) => {
  const a = (await Lab.up(name)).host('a');
  t.is(await a.sh('ssh b command -v phaul'), '/usr/local/bin/phaul');
  t.regex(await a.sh('criu --version'), /^Version: (4\.[2-9]|[5-9])/);
  await t.throwsAsync(a.sh('touch /opt/phaul/written'), { message: /Read-only file system/ });
});

test.serial('hosts see cgroups of their own', async (t) => {
  const lab = await Lab.up(name);
  for (const line of (await lab.host('a').sh('cat /proc/self/cgroup')).split('\n'))
    t.regex(line, /:\/(init)?$/);
  await lab
    .host('a')
    .sh('mkdir $(find /sys/fs/cgroup -maxdepth 2 -name cgroup.procs -printf "%h/probe\n" | head -n 1)');
  t.not(await lab.host('a').sh('find /sys/fs/cgroup -name probe'), '');
  t.is(await lab.host('b').sh('find /sys/fs/cgroup -name probe'), '');
});

test.serial('PID 1 reaps orphans', async (t) => {
  const a = (await Lab.up(name)).host('a');
  await a.sh('(sleep 0.01 &) ; exit 0');
  const zombies = 'ps -eo stat= | grep -c ^Z || true';
  while ((await a.sh('pgrep -c sleep || true')) !== '0') await sleep(5);
  t.is(await a.sh(zombies), '0');
});

test.serial('a pulled cable separates a host until it is plugged in again', async (t) => {
  const lab = await Lab.up(name);
  const ping = async (...patience: string[]): Promise<number> => {
    return (await lab.host('c').run(['ping', '-c1', ...patience, 'b'], { check: false })).exitCode;
  };
  // A link that has just been plugged in may take a second to notice (linkwatch in the kernel): asked until it answers.
  const answers = (): Promise<number> => ping('-w60');
  t.is(await answers(), 0);
  await lab.cut('b');
  t.is(await ping('-W1'), 1);
  await lab.join('b');
  t.is(await answers(), 0);
});

test.serial('commands end, fail, time out and take signals as they should', async (t) => {
  await runsCommands(t, (await Lab.up(name)).host('a'));
});

test.serial('the same container can exist on two hosts', async (t) => {
  const lab = await Lab.up(name);
  for (const host of ['a', 'b'] as const) {
    await createContainer(lab.host(host), { ...ct101, args: ['sleep', '1000'] });
    t.is(await lab.host(host).sh('runc exec ct101 hostname'), 'ct101');
    t.is(await lab.host(host).sh('ls -l /proc/$(pgrep -x sleep)/fd | grep -c /dev/null'), '3');
  }
  await removeContainer(lab.host('a'), 'ct101');
  t.is(await lab.host('a').sh('runc list -q; ls /srv /run/netns | grep ct101 || true'), '');
  t.is(await lab.host('b').sh('runc list -q'), 'ct101');
});

test.serial('the client counts answers, pauses, lost increments and lost connections', async (t) => {
  const lab = await Lab.up(name);
  await startRedis(lab.host('a'));
  const quiet = await (await startTraffic(lab.host('c'))).stop();
  t.true(quiet.operations > 0);
  t.like(quiet, { errors: [], lost: 0, doubled: 0 });

  const troubled = await startTraffic(lab.host('c'));
  await lab.host('a').sh('runc pause ct101; sleep 0.3; runc resume ct101');
  const added = Number(await redis(lab.host('c'), 'INCRBY', 'lab:counter', '5'));
  // It has been answered once more before it is disconnected.
  while (Number(await redis(lab.host('c'), 'GET', 'lab:counter')) <= added) await sleep(5);
  await redis(lab.host('c'), 'CLIENT', 'KILL', 'TYPE', 'normal');
  // It ends by itself; asked to before it has noticed, it would be content with the last answer.
  await lab.host('c').sh("while pgrep -f '[r]edis-client.js'; do sleep 0.02; done");
  const report = await troubled.stop();
  t.true(report.longestGapMs > 300);
  t.like(report, { lost: 0, doubled: 5 });
  // A request that was under way when Redis closed is answered by a reset.
  t.regex(report.errors.join(), /^(the connection was closed|read ECONNRESET)$/);
});

test.serial('down leaves nothing', async (t) => {
  const before = await stateWithoutLab();
  const lab = await Lab.up(name);
  await createContainer(lab.host('a'), { ...ct101, args: ['sleep', '1000'] });
  await lab.host('a').sh('runc pause ct101'); // A frozen process is the hardest to kill.
  await lab.down();
  t.deepEqual(machineState(), before);
  t.is(Lab.find(name), undefined);
  await lab.down();
});

test.serial('up clears away what is left when everything was killed', async (t) => {
  const before = await stateWithoutLab();
  await Lab.up(name);
  for (const pid of processesOf(name)) kill(pid);
  while (processesOf(name).length > 0) await sleep(2);
  t.is(Lab.find(name), undefined);
  t.is(await (await Lab.up(name)).host('a').sh('hostname'), 'a');
  await Lab.down(name);
  t.deepEqual(machineState(), before);
});

test.serial('an up killed at any time leaves what the next one clears away', async (t) => {
  const before = await stateWithoutLab();
  for (let processes = 0; processes < 8; processes++) {
    const child = cli('up');
    while (processesOf(name).length <= processes && child.exitCode === null) await sleep(1);
    child.kill('SIGKILL');
    await Lab.up(name);
    t.is(await Lab.find(name)?.host('b').sh('ssh a hostname'), 'a');
    await Lab.down(name);
    t.deepEqual(machineState(), before);
  }
});

test.serial('two ups of the same lab at once come one after the other', async (t) => {
  const both = [cli('up'), cli('up')].map(async (child) => (await once(child, 'exit'))[0] as number);
  t.deepEqual(await Promise.all(both), [0, 0]);
  t.is(await Lab.find(name)?.host('a').sh('hostname'), 'a');
});

test.serial('two labs do not see each other', async (t) => {
  const other = await Lab.up(`${name}-2`);
  const lab = await Lab.up(name);
  await lab.host('a').write('/srv/mine', '');
  t.false(existsSync(`${other.host('a').root}/srv/mine`));
  await lab.down();
  t.is(await other.host('a').sh('ssh b hostname'), 'b');
  await other.down();
});

function cli(...args: string[]): ChildProcess {
  const argv = ['--import', 'tsx', 'test/lab/cli.ts', ...args];
  return spawn(process.execPath, argv, {
    cwd: projectDirectory,
    env: { ...process.env, PHAUL_LAB: name },
    stdio: 'ignore',
  });
}

/** It may have gone with those before it. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function stateWithoutLab(): Promise<object> {
  await Lab.down(name);
  return machineState();
}

/** What a lab could leave behind on the machine, other labs apart. */
function machineState(): object {
  const ofOthers = (entry: string): boolean =>
    entry.startsWith('phaul-lab-') && !entry.startsWith(`phaul-lab-${name}`);
  const list = (path: string): string[] => (existsSync(path) ? readdirSync(path).sort() : []);
  return {
    // Tests have file systems of their own in /tmp, while they run beside this one.
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => !line.split(' ')[4]?.startsWith('/tmp/')),
    networkNamespaces: list('/run/netns'),
    links: list('/sys/class/net'),
    state: list('/run/phaul-lab').filter((lab) => lab === name),
    cgroups: list('/sys/fs/cgroup').map((hierarchy) => {
      return list(`/sys/fs/cgroup/${hierarchy}`).filter(
        (entry) => entry.startsWith('phaul-lab-') && !ofOthers(entry),
      );
    }),
    processes: processesOf(name),
  };
}
