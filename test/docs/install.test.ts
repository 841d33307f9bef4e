// docs/install.md and what docs/write-a-driver.md says of packages, as they are typed, without leaving anything on this machine.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { projectDirectory } from '../lab/paths.ts';
import { linesOf, linesTypedAt, typedAt } from './blocks.ts';
import { emptyDebian } from './debian.ts';

const run = promisify(execFile);
const home = mkdtempSync('/tmp/phaul-install-');
test.after.always(() => rmSync(home, { recursive: true, force: true }));

// npm and apt take minutes on a busy machine, and may be all that is left to run.
const patienceMs = 15 * 60_000;

const notOfTheProject = ['.git', 'node_modules', 'dist'];

/** What is to be cloned: the project as it is now. */
async function repository(): Promise<string> {
  const at = join(home, 'repository');
  for (const name of (await run('ls', ['-A', projectDirectory])).stdout.trim().split('\n'))
    if (!notOfTheProject.includes(name))
      cpSync(join(projectDirectory, name), join(at, name), { recursive: true });
  const identity = ['-c', 'user.name=phaul', '-c', 'user.email=phaul@localhost'];
  await run('git', ['init', '--quiet'], { cwd: at });
  await run('git', ['add', '--all'], { cwd: at });
  await run('git', [...identity, 'commit', '--quiet', '--message', 'As it is'], { cwd: at });
  return at;
}

/** npm's own: what it has fetched already need not be fetched again. */
async function npmEnvironment(): Promise<NodeJS.ProcessEnv> {
  const setting = async (name: string): Promise<string> =>
    (await run('npm', ['config', 'get', name])).stdout.trim();
  return {
    ...process.env,
    HOME: home,
    npm_config_cache: await setting('cache'),
    npm_config_userconfig: await setting('userconfig'),
    npm_config_prefer_offline: 'true',
    npm_config_prefix: join(home, 'global'),
    PATH: `${join(home, 'global/bin')}:${process.env['PATH']}`,
  };
}

/** Types lines where /usr/local/lib can be written to without anybody else's seeing it. */
async function type(t: ExecutionContext, lines: readonly string[], cwd: string): Promise<string> {
  const above = join(home, 'above');
  mkdirSync(above, { recursive: true });
  const script = `
    mount -t tmpfs tmpfs ${above}; mkdir ${above}/up ${above}/work
    mount -t overlay -o lowerdir=/usr/local/lib,upperdir=${above}/up,workdir=${above}/work overlay /usr/local/lib
    ${lines.join('\n')}
    ls /usr/local/lib/phaul/node_modules 2>/dev/null || true`;
  t.log(lines.join('\n'));
  const { stdout } = await run('unshare', ['--mount', 'bash', '-euo', 'pipefail', '-c', script], {
    cwd,
    env: await npmEnvironment(),
  });
  return stdout;
}

test.serial('phaul is cloned, built, packed and installed', async (t) => {
  t.timeout(patienceMs);
  const from = await repository();
  const lines = linesTypedAt('clone').map((line) => line.replace('REPOSITORY', from));
  t.true(lines.some((line) => line.startsWith('git clone')));
  const said = await type(t, lines, home);
  t.regex(said, /^\d+\.\d+\.\d+$/m);
  t.true(existsSync(join(home, 'global/bin/phaul')));
});

test.serial('a driver is examined, packed, and installed', async (t) => {
  t.timeout(patienceMs);
  const at = join(home, 'hello');
  cpSync(join(projectDirectory, 'examples/phaul-htype-hello'), at, { recursive: true });
  // drivers.md installs what write-a-driver.md has packed.
  const order = ['docs/write-a-driver.md', 'docs/drivers.md'];
  const blocks = order.flatMap((page) => typedAt('driver').filter((block) => block.page === page));
  t.is(blocks.length, typedAt('driver').length);
  const said = await type(
    t,
    blocks.flatMap(({ text }) => linesOf(text)),
    at,
  );
  t.regex(said, /^# fail 0$/m);
  t.regex(said, /^phaul-htype-hello$/m);
});

test('Debian has all packages that are named', async (t) => {
  t.timeout(patienceMs);
  const env = await emptyDebian(mkdtempSync(join(home, 'debian-')));
  for (const line of linesTypedAt('debian')) {
    const { stdout } = await run('sh', ['-euc', line], { env, maxBuffer: 2 ** 24 });
    t.regex(stdout, /^'\S+\/criu_\S+' criu_/m);
  }
});
