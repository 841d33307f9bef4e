import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { projectDirectory } from './lab/paths.ts';

// tsx would take longer to start one program than esbuild takes to bundle all of them.
const directory = join(projectDirectory, `node_modules/.cache/phaul-bundle-${process.pid}`);
let made = false;
let programs = 0;

function make(): void {
  if (made) return;
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  execFileSync(process.execPath, [join(projectDirectory, 'bundle.mjs'), directory]);
  made = true;
}

/** A program of phaul's, by the path of its source without the ending, in a bundle of the sources as they are now. It goes with this process. */
export function bundled(program: string): string {
  make();
  return join(directory, `${program}.js`);
}

/** A program of a test's own beside them, from its text, in which imports begin at the project's directory. */
export function bundledText(text: string): string {
  make();
  const outfile = join(directory, `program-${programs++}.js`);
  buildSync({
    stdin: { contents: text, resolveDir: projectDirectory, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['koffi'],
    // package.json says that no module of phaul's does anything by being imported; those of tests do.
    ignoreAnnotations: true,
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
  });
  return outfile;
}
