import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDirectory } from '../paths.ts';
import { projectDriveBytes } from './qemu.ts';
import { runFor } from './run-for.ts';

/**
 * Makes the drive that the machines mount at /opt/phaul: the project as it is now, with what it needs when it runs.
 * @param directory where it becomes project.img
 */
export async function makeProjectDrive(lab: string, directory: string): Promise<void> {
  const files = join(directory, 'project');
  mkdirSync(files);
  const parts = ['package.json', 'dist', 'test', ...modules()];
  await runFor(lab, 'env', '-C', projectDirectory, 'cp', '-a', '--parents', ...parts, files);
  const drive = join(directory, 'project.img');
  writeFileSync(drive, '');
  truncateSync(drive, projectDriveBytes);
  await runFor(lab, 'mke2fs', '-q', '-t', 'ext4', '-O', '^has_journal', '-m', '0', '-d', files, drive);
  rmSync(files, { recursive: true });
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

/** The directories of the packages that are not for development only. Those for other platforms are not installed. */
function modules(): string[] {
  const { packages } = JSON.parse(
    readFileSync(join(projectDirectory, 'package-lock.json'), 'utf8'),
  ) as LockFile;
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev && existsSync(join(projectDirectory, path)))
    .map(([path]) => path);
}
