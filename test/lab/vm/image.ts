import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { removeCgroups } from '../cgroups.ts';
import { bootstrap, hostPackages, recipeHash } from '../debian.ts';
import { cacheDirectory } from '../paths.ts';
import { customizeScript } from '../root.ts';
import { type Machine, vmNames } from './machine.ts';
import { Monitor } from './monitor.ts';
import { startMachine } from './power.ts';
import { projectDriveBytes } from './qemu.ts';
import { runFor } from './run-for.ts';
import { VmHost } from './vm-host.ts';

/** What outlives a lab of virtual machines: their image. Its lock keeps two set-ups apart. */
export const vmCacheDirectory = join(cacheDirectory, 'vm');

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const kernelScript = here('guest-kernel.sh');
const finishScript = here('guest-customize.sh');
const recipe = [
  customizeScript,
  kernelScript,
  finishScript,
  here('guest-boot.sh'),
  here('image.ts'),
  here('qemu.ts'),
];

/** Another worktree may want it again, and it takes minutes to build. */
const keepDays = 2;

// podman and crun ask systemd over D-Bus.
const initPackages = ['systemd-sysv', 'dbus'];

// No lab can have this name.
const buildLab = 'vm-image.build';

// So that a lab finds in memory what most tests read first.
const warmUp = `
criu check >/dev/null 2>&1 || true
criu check --feature mem_dirty_track >/dev/null 2>&1 || true
node -e 'import("node:net")'
python3 -c 'import json, random, zlib'
ssh $(hostname) 'runc list; rsync --version' >/dev/null
lxc-ls
podman info >/dev/null
nft list ruleset
tc qdisc >/dev/null
sync`;

/**
 * What all labs of virtual machines begin with: kernel, disks, the machines' states after they have booted. Built on
 * first use (a minute or two), then cached until its recipe or QEMU changes. Call it under the lock.
 * @returns its directory
 * @throws if the build fails, with what the program that failed printed
 */
export async function ensureImage(): Promise<string> {
  const version = execFileSync('qemu-system-x86_64', ['--version'], { encoding: 'utf8' });
  const image = join(vmCacheDirectory, `image-${recipeHash(recipe, version)}`);
  if (!existsSync(image)) {
    await removeCgroups(buildLab);
    for (const old of readdirSync(vmCacheDirectory).map((name) => join(vmCacheDirectory, name)))
      if (old.endsWith('.new') || statSync(old).mtimeMs < Date.now() - keepDays * 86_400_000)
        rmSync(old, { recursive: true });
    console.error('lab: building the image of the virtual machines (once, a minute or two)');
    try {
      await build(`${image}.new`);
    } finally {
      await removeCgroups(buildLab);
    }
    renameSync(`${image}.new`, image);
  }
  utimesSync(image, new Date(), new Date());
  return image;
}

async function build(image: string): Promise<void> {
  const root = join(image, 'root');
  mkdirSync(image);
  bootstrap(
    { packages: [...hostPackages, ...initPackages], finish: [customizeScript, kernelScript, finishScript] },
    root,
  );
  const outside = {
    'boot/vmlinuz': 'vmlinuz',
    'boot/initrd.img': 'initrd.img',
    'root/.ssh/id_ed25519': 'key',
    'root/.ssh/known_hosts': 'known_hosts',
  };
  for (const [from, to] of Object.entries(outside))
    await runFor(buildLab, 'cp', '-p', join(root, from), join(image, to));
  const base = join(image, 'base.img');
  const features = ['-O', '^has_journal,^metadata_csum', '-E', 'lazy_itable_init=1', '-m', '0'];
  await runFor(buildLab, 'mke2fs', '-q', '-t', 'ext4', ...features, '-d', root, base, '4G');
  rmSync(root, { recursive: true });
  writeFileSync(join(image, 'project.img'), '');
  truncateSync(join(image, 'project.img'), projectDriveBytes);
  await Promise.all(vmNames.map((name) => makeState({ lab: buildLab, name, image, directory: image })));
  for (const name of vmNames)
    for (const ending of ['cable', 'console', 'log', 'ssh.log']) rmSync(join(image, `${name}.${ending}`));
  rmSync(join(image, 'project.img'));
}

/** Boots a machine and saves what it is then: its disk as NAME.qcow2, all else as NAME.state. */
async function makeState(machine: Machine): Promise<void> {
  const { name, image, directory } = machine;
  await makeDisk(machine, 'base.img', 'raw');
  await startMachine(machine, 'power-on');
  await new VmHost(machine).sh(warmUp);
  const monitor = await Monitor.connect(join(directory, `${name}.monitor`), AbortSignal.abort());
  try {
    await monitor.execute('stop');
    await monitor.execute('migrate-set-parameters', { 'max-bandwidth': 2 ** 40 });
    await monitor.execute('migrate', { uri: `exec:cat >${join(image, `${name}.state`)}` });
    for (let status; status !== 'completed'; await sleep(50)) {
      ({ status } = await monitor.execute('query-migrate'));
      if (status === 'failed') throw new Error(`QEMU did not save the state of ${name}`);
    }
    await monitor.execute('quit');
  } finally {
    monitor.close();
  }
}

/** Makes a machine's disk, which holds only what differs from the one behind it. */
export async function makeDisk(
  { lab, name, directory }: Machine,
  behind: string,
  format: 'raw' | 'qcow2',
): Promise<void> {
  const disk = join(directory, `${name}.qcow2`);
  await runFor(lab, 'qemu-img', 'create', '-q', '-f', 'qcow2', '-b', behind, '-F', format, disk);
}
