import { existsSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap, hostPackages, recipeHash } from './debian.ts';
import { cacheDirectory } from './paths.ts';

/** Finishes the root file system of a host of any kind. */
export const customizeScript = fileURLToPath(new URL('root-customize.sh', import.meta.url));

/**
 * The root file system that all hosts are stacked on: built on first use (half a minute), then cached until its
 * recipe (debian.ts and root-customize.sh) changes. Call it under the lock.
 * @returns its path
 * @throws if the build fails, with what mmdebstrap printed
 */
export function ensureRoot(): string {
  const root = join(cacheDirectory, `root-${recipeHash([customizeScript])}`);
  if (existsSync(root)) return root;
  for (const old of readdirSync(cacheDirectory)) {
    if (old.startsWith('root-') && !isInUse(old)) rmSync(join(cacheDirectory, old), { recursive: true });
  }
  console.error('lab: building the root file system of the hosts (once, about half a minute)');
  bootstrap({ packages: hostPackages, finish: [customizeScript] }, `${root}.new`);
  renameSync(`${root}.new`, root);
  return root;
}

/** Whether a lab that is up is stacked on this root: it would lose its programs. */
function isInUse(root: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(`/${root},`);
    } catch {
      return false; // The process has ended meanwhile.
    }
  });
}
