// What the project tree looks like now, as hashes to compare with those of the last set-up.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

const compiled = ['src', 'htypes', 'fs-drivers', 'devices', 'criu-proto', 'examples', 'test'];

/** Changes when node_modules must be installed again. */
export function lockHash() {
  return hash(['package-lock.json']);
}

/** Changes when dist must be built again. */
export function sourceHash() {
  const sources = compiled
    .flatMap((folder) => files(folder))
    .filter((file) => !file.startsWith('criu-proto/generated.'));
  return hash(['package.json', 'package-lock.json', 'tsconfig.json', 'bundle.mjs', ...sources]);
}

/** Removes from dist what no source file stands behind any more, and leaves the rest in place for whoever runs it. */
export function removeStaleOutput() {
  for (const file of files('dist')) {
    const source = join(projectRoot, file.slice('dist/'.length).replace(/(\.d)?\.[jt]s(\.map)?$/, ''));
    const wanted =
      compiled.includes(file.split('/')[1]) &&
      ['', '.ts', '.js'].some((ending) => existsSync(source + ending));
    const own = file.startsWith('dist/bundle/') || file.startsWith('dist/.');
    if (!wanted && !own) rmSync(join(projectRoot, file));
  }
}

function files(folder) {
  const path = join(projectRoot, folder);
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return entries.map((entry) => join(entry.parentPath, entry.name).slice(projectRoot.length)).sort();
}

function hash(paths) {
  const sum = createHash('sha256');
  for (const path of paths)
    sum
      .update(path)
      .update('\0')
      .update(readFileSync(join(projectRoot, path)))
      .update('\0');
  return sum.digest('hex');
}
