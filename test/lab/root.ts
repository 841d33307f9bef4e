import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap, hostPackages, recipeHash } from './debian.ts';
import { cacheDirectory } from './paths.ts';

/** Finishes the root file system of a host of any kind. */
export const customizeScript = fileURLToPath(new URL('root-customize.sh', import.meta.url));

/** Another worktree may want it again, and it takes half a minute to build. */
const keepDays = 2;

/**
 * The root file system that all hosts are stacked on: built on first use (half a minute), then cached until its
 * recipe (debian.ts and root-customize.sh) changes. Call it under the lock.
 * @returns its path
 * @throws if the build fails, with what mmdebstrap printed
 */
export function ensureRoot(): string {
  const root = join(cacheDirectory, `root-${recipeHash([customizeScript])}`);
  if (existsSync(root)) {
    utimesSync(root, new Date(), new Date());
    return root;
  }
  const oldest = Date.now() - keepDays * 86_400_000;
  for (const old of readdirSync(cacheDirectory)) {
    const path = join(cacheDirectory, old);
    if (old.startsWith('root-') && statSync(path).mtimeMs < oldest && !isInUse(old))
      rmSync(path, { recursive: true });
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
