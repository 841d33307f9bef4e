// Runs one TypeScript file of this project on a machine that may have nothing but Debian and Node:
//   node test/setup/run.mjs SCRIPT ARGS…
// Whatever is missing (machine packages, node_modules, dist) is put in place first; with everything in place this
// costs a few milliseconds. Plain JavaScript without dependencies, because it runs before there are any.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, openSync, writeFileSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { missingPackages } from './machine.mjs';
import { projectRoot, removeStaleOutput, lockHash, sourceHash } from './tree.mjs';

const modulesStamp = join(projectRoot, 'node_modules/.phaul-lock-hash');
const buildStamp = join(projectRoot, 'dist/.phaul-source-hash');

const [script, ...args] = process.argv.slice(2);
const refusal = refuse();
if (refusal) {
  console.error(`phaul: ${refusal}`);
  process.exitCode = 2;
} else if (setUp()) {
  runScript();
} else {
  process.exitCode = 1;
}

function refuse() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (process.platform !== 'linux') return 'this needs Linux: it makes hosts out of Linux namespaces.';
  if (major < 20 || (major === 20 && minor < 19))
    return `this needs Node 20.19 or newer, not ${process.version}.`;
  if (process.getuid() !== 0)
    return 'this needs root: it makes hosts out of namespaces. Try again with sudo.';
  if (!script) return 'usage: node test/setup/run.mjs SCRIPT ARGS…';
  if (!existsSync(join(projectRoot, script))) return `there is no ${script} (yet).`;
  return undefined;
}

function setUp() {
  if (missing().length === 0) return true;
  // The kernel drops this lock with the process, so it cannot go stale. Others may have done the work meanwhile.
  const lock = openSync(projectRoot, 'r');
  spawnSync('flock', ['3'], { stdio: ['ignore', 'inherit', 'inherit', lock] });
  return missing().every((step) => step());
}

function missing() {
  const steps = [];
  const packages = missingPackages(script);
  if (packages.length > 0) steps.push(() => installPackages(packages));
  if (read(modulesStamp) !== lockHash()) steps.push(installModules);
  if (read(buildStamp) !== sourceHash()) steps.push(build);
  return steps;
}

function installPackages(packages) {
  say(`installing ${packages.join(', ')}`);
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages];
  return quiet(...install) || (quiet('apt-get', 'update') && quiet(...install)) || failed(install.join(' '));
}

function installModules() {
  say('installing node_modules');
  // Not `npm ci`: it insists that the lock file lists the native packages of all platforms, and an archive that
  // mirrors only what Linux needs has no way to make such a lock file. This takes the versions from it just as well.
  const done = quiet('npm', 'install', '--no-save', '--no-audit', '--no-fund') || failed('npm install');
  if (done) writeFileSync(modulesStamp, lockHash());
  return done;
}

/** A build with type errors still leaves runnable code, and `npm test` reports them: so they do not stop a run. */
function build() {
  say('building');
  const hash = sourceHash();
  const done = quiet('npm', 'run', '--silent', 'build') || failed('npm run build');
  removeStaleOutput();
  if (done) writeFileSync(buildStamp, hash);
  return existsSync(join(projectRoot, 'dist'));
}

/** Runs a command, showing what it printed only if it failed. */
function quiet(command, ...parameters) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const result = spawnSync(command, parameters, {
    cwd: projectRoot,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status === 0) return true;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  return false;
}

function failed(what) {
  console.error(`phaul set-up: ${what} failed`);
  return false;
}

function say(line) {
  console.error(`phaul set-up: ${line}`);
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function runScript() {
  const tsx = import.meta.resolve('tsx');
  const child = spawn(process.execPath, ['--import', tsx, join(projectRoot, script), ...args], {
    cwd: projectRoot,
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
