// What somebody gets who installs phaul as docs/install.md says.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, copyFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { version } from '../../src/version.ts';
import { projectDirectory } from '../lab/paths.ts';

const run = promisify(execFile);
const tsc = join(projectDirectory, 'node_modules/.bin/tsc');
const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
const settings = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node', ...strict];

/** A project that depends on phaul as it is now, packed and installed. */
async function project(): Promise<string> {
  const at = await mkdtemp(join(tmpdir(), 'phaul-consumer-'));
  const phaul = join(at, 'phaul');
  await mkdir(phaul);
  await run(tsc, ['--project', projectDirectory, '--outDir', join(phaul, 'dist')]);
  await run(process.execPath, [join(projectDirectory, 'bundle.mjs'), join(phaul, 'dist/bundle')]);
  await copyFile(join(projectDirectory, 'package.json'), join(phaul, 'package.json'));
  await writeFile(join(at, 'package.json'), '{"type": "module"}');
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', at, phaul]);
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', stdout.trim()], { cwd: at });
  await mkdir(join(at, 'node_modules/@types'), { recursive: true });
  await symlink(join(projectDirectory, 'node_modules/@types/node'), join(at, 'node_modules/@types/node'));
  return at;
}

let at: string;
test.before(async (t) => {
  // npm and two compilers take minutes on a busy machine, and may be all that is left to run.
  t.timeout(15 * 60_000);
  at = await project();
});
test.after.always(() => rm(at, { recursive: true }));

test('the command is there', async (t) => {
  const { stdout } = await run(join(at, 'node_modules/.bin/phaul'), ['--version']);
  t.is(stdout.trim(), version);
  // Measured with what the bundle has for string-width, also beyond ASCII.
  t.regex((await run(join(at, 'node_modules/.bin/phaul'), ['--help'])).stdout, /^phaul COMMAND …/);
});

test('the example compiles against the package, its types complete, and runs', async (t) => {
  await copyFile(join(projectDirectory, 'examples/move.ts'), join(at, 'move.ts'));
  await run(tsc, [...settings, 'move.ts'], { cwd: at });
  const error = await t.throwsAsync(run(process.execPath, ['move.js', 'ct-nobody', 'hostb'], { cwd: at }));
  t.like(error, { code: 3, stdout: 'preflight …\n' });
  t.regex((error as Error & { stderr: string }).stderr, /^CONTAINER_UNKNOWN: No container ct-nobody/);

  const misuse = `
    import { migrate } from 'phaul';
    // @ts-expect-error a destination is needed
    migrate({ container: 'x' });
    // @ts-expect-error there is no such option
    migrate({ container: 'x', destination: 'y', turbo: true });
    for await (const event of migrate({ container: 'x', destination: 'y' })) {
      // @ts-expect-error not every event has pages
      event.pages;
      if (event.type === 'iteration') event.pages.toFixed();
      if (event.type === 'result' && !event.ok) event.error.exitCode.toFixed();
    }
  `;
  await writeFile(join(at, 'misuse.ts'), misuse);
  await t.notThrowsAsync(run(tsc, [...settings, '--noEmit', 'misuse.ts'], { cwd: at }));
});
