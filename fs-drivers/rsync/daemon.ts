import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FsTree } from '../../src/contracts/fs-driver.ts';
import { anchored } from './filters.ts';

/**
 * Writes the daemon's configuration: for each tree one module that is the directory, but for what the tree is without, and one that
 * is a single file of that name.
 *
 * The daemon is the wall between the source's rsync and the rest of this host: with `use chroot` no path, and no directory that is
 * swapped for a symbolic link while files are copied, leads out of the module. write-devices would: through a device node
 * made inside of it.
 */
export async function writeDaemonConfig(directory: string, trees: readonly FsTree[]): Promise<string> {
  const home = join(directory, 'rsync');
  await mkdir(home, { recursive: true });
  const modules = await Promise.all(
    trees.map(async ({ target, without }, index) => {
      // Links of our own making, because a path may contain what means something in the configuration.
      const whole = join(home, `tree${index}`);
      const parent = join(home, `parent${index}`);
      const but = join(home, `but${index}`);
      const only = join(home, `only${index}`);
      await link(target, whole);
      await link(dirname(target), parent);
      await writeFile(but, without.map((name) => `- ${anchored(name)}\n`).join(''));
      await writeFile(only, `+ ${anchored(basename(target))}\n- *\n`);
      return [
        `[tree${index}]`,
        `path = ${whole}`,
        `filter = merge ${but}`,
        `[file${index}]`,
        `path = ${parent}`,
        `filter = merge ${only}`,
      ];
    }),
  );
  const path = join(home, 'rsyncd.conf');
  await writeFile(path, [...settings(join(home, 'log')), ...modules.flat(), ''].join('\n'));
  return path;
}

function settings(log: string): string[] {
  return [
    'uid = 0',
    'gid = 0',
    'use chroot = yes',
    'numeric ids = yes',
    'read only = no',
    'write only = yes',
    'list = no',
    'munge symlinks = no',
    'reverse lookup = no',
    'refuse options = write-devices copy-devices fake-super remove-source-files iconv compare-dest copy-dest link-dest',
    `log file = ${log}`,
  ];
}

async function link(to: string, at: string): Promise<void> {
  await rm(at, { force: true });
  await symlink(to, at);
}
