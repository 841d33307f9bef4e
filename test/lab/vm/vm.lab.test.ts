import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { hierarchies, processesOf } from '../cgroups.ts';
import { runsCommands } from '../host-contract.ts';
import { projectDirectory, stateDirectory } from '../paths.ts';
import { vmNames } from './machine.ts';
import { VmLab, labId } from './vm-lab.ts';

const name = 'self-test';
const id = labId(name);

let lab: VmLab;
test.before(async (t) => {
  t.timeout(5 * 60_000); // The first one may have to build the image.
  lab = await VmLab.up(name);
});
test.after.always(() => VmLab.down(name));

test.serial('the machines reach each other by name, and nothing else', async (t) => {
  for (const host of vmNames)
    for (const peer of vmNames) t.is(await lab.host(host).sh(`ssh ${peer} hostname`), peer);
  // QEMU's own network leads to this machine's ports, were it not for `restrict`.
  const server = createServer(() => t.fail('a machine reached this one')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const call = ['busybox', 'nc', '-w', '2', '10.0.2.2', String(port)];
  t.not((await lab.host('a').run(call, { check: false, timeoutMs: 10_000 })).exitCode, 0);
  server.close();
});

test.serial('they have what there is to move and to move it with', async (t) => {
  const versions = await lab.host('b').sh(`
    for program in criu runc lxc-checkpoint podman node rsync python3 redis-server btrfs phaul; do
      echo "$program: $($program --version | head -n 1)"
    done
    busybox | head -n 1`);
  for (const [program, version] of Object.entries({
    criu: 'Version: (4\\.[2-9]|[5-9])',
    runc: 'runc version 1',
    'lxc-checkpoint': '\\d',
    podman: 'podman version',
    node: 'v(2[0-9])\\.',
    rsync: 'rsync +version',
    python3: 'Python 3',
    'redis-server': 'Redis server',
    btrfs: 'btrfs-progs',
    phaul: '\\d',
  }))
    t.regex(versions, new RegExp(`^${program}: ${version}`, 'm'));
  t.regex(versions, /^BusyBox/m);
  await t.throwsAsync(lab.host('a').sh('touch /opt/phaul/written'), { message: /Read-only file system/ });
});

test.serial('systemd has booted them; nothing has failed, and nothing will start by itself', async (t) => {
  for (const host of vmNames)
    t.is(
      await lab.host(host).sh('systemctl is-system-running; systemctl list-timers --all --no-legend'),
      'running',
    );
});

test.serial('their kernel tracks written memory, by the small page', async (t) => {
  const a = lab.host('a');
  t.regex(await a.sh('criu check --feature mem_dirty_track'), /is supported/);
  t.regex(await a.read('/sys/kernel/mm/transparent_hugepage/enabled'), /\[never\]/);
});

test.serial("their clocks say what this machine's says, and go as fast", async (t) => {
  // A command takes some tenths of a second, more while this machine is busy.
  for (const host of vmNames) {
    const before = Date.now();
    const there = Number(await lab.host(host).sh('date +%s%3N'));
    const after = Date.now();
    t.true(
      there > before - 2000 && there < after + 2000,
      `${host} says ${there} between ${before} and ${after}`,
    );
  }
});

test.serial('commands end, fail, time out and take signals as they should', async (t) => {
  await runsCommands(t, lab.host('a'));
  t.is(await lab.host('a').sh('ls /run/lab | wc -l'), '1', 'its own note');
});

test.serial('where a machine dies, whoever waits for a command is told what it said', async (t) => {
  const dying = lab.host('b').sh('echo c >/proc/sysrq-trigger; sleep 60', { timeoutMs: 90_000 });
  await t.throwsAsync(dying, {
    message: /ended with 255\n[^]*The machine b:\n(its QEMU has ended\n)?[^]*Kernel panic/,
  });
});

test.serial('up clears away what is left when everything was killed', async (t) => {
  for (const pid of processesOf(id)) kill(pid);
  while (processesOf(id).length > 0) await sleep(2);
  t.is(VmLab.find(name), undefined);
  lab = await VmLab.up(name);
  t.is(await VmLab.find(name)?.host('a').sh('hostname'), 'a');
});

test.serial('two labs do not see each other', async (t) => {
  const other = await VmLab.up(`${name}-2`);
  await lab.host('a').write('/srv/mine', '');
  t.is(await other.host('b').sh('ssh a ls /srv'), 'rootfs-redis');
  await other.down();
  t.is(await lab.host('a').sh('ssh b hostname'), 'b');
});

test.serial('down leaves nothing', async (t) => {
  await lab.down();
  t.deepEqual(remains(), []);
  t.is(VmLab.find(name), undefined);
  await lab.down();
});

test.serial('an up killed at any time leaves what the next one clears away', async (t) => {
  for (const processes of [0, 2, 4]) {
    const child = cli('up');
    const ended = once(child, 'exit');
    while (processesOf(id).length < processes && child.exitCode === null) await sleep(1);
    if (processes === 0) await sleep(500);
    child.kill('SIGKILL');
    await ended;
    await VmLab.down(name);
    t.deepEqual(remains(), []);
  }
});

function cli(...args: string[]): ChildProcess {
  const argv = ['--import', 'tsx', 'test/lab/vm/cli.ts', ...args];
  return spawn(process.execPath, argv, {
    cwd: projectDirectory,
    env: { ...process.env, PHAUL_LAB: name },
    stdio: 'ignore',
  });
}

/** It may have gone with those before it: ssh goes with its machine. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** What a lab could leave behind on the machine. */
function remains(): string[] {
  // Not what is below: there other labs make and remove their own meanwhile.
  const cgroups = hierarchies().map(({ mountPoint }) => join(mountPoint, `phaul-lab-${id}`));
  const listening = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return [
    ...processesOf(id).map(String),
    ...cgroups.filter((path) => existsSync(path)),
    ...listening.filter((line) => line.includes(`${stateDirectory(id)}/`)),
    ...(existsSync(stateDirectory(id)) ? [stateDirectory(id)] : []),
  ];
}
