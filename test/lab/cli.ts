import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { hostEnvironment } from './command.ts';
import { type HostName, hostAddress, hostNames } from './host.ts';
import { Lab } from './lab.ts';
import { labName } from './paths.ts';

const usage = `Three hosts a, b and c on one network, made of namespaces, for trying phaul by hand.

  npm run lab -- up                 bring them up (fresh, even if they are up)
  npm run lab -- down               clear everything away
  npm run lab -- status             say what is up
  npm run lab -- a [COMMAND…]       run a command on host a (b, c); without one, a shell

The name of the lab is $PHAUL_LAB, or "lab". Labs of different names can be up at the same time.`;

process.exitCode = await main(process.argv.slice(2));

async function main([command, ...args]: string[]): Promise<number> {
  try {
    if (isHost(command)) return enter(command, args);
    if (args.length > 0) return misuse(`${command} takes no arguments`);
    if (command === 'up') return await up();
    if (command === 'down') return await down();
    if (command === 'status') return status();
    if (command === '--help' || command === undefined) return say(usage, command ? 0 : 2);
    return misuse(`there is no ${JSON.stringify(command)}`);
  } catch (error) {
    console.error(`lab: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

async function up(): Promise<number> {
  const started = performance.now();
  await Lab.up();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  return say(`lab "${labName()}" is up (${seconds} s): ${addresses()}`, 0);
}

async function down(): Promise<number> {
  await Lab.down();
  return say(`lab "${labName()}" is down`, 0);
}

function status(): number {
  const lab = Lab.find();
  if (!lab) return say(`lab "${labName()}" is down`, 1);
  const lines = hostNames.map((name) => `${name}  ${hostAddress(name)}  PID ${lab.host(name).pid}`);
  return say([`lab "${labName()}" is up`, ...lines].join('\n'), 0);
}

function enter(name: HostName, command: string[]): number {
  const lab = Lab.find();
  if (!lab) {
    console.error(`lab: lab "${labName()}" is not up; try: npm run lab -- up`);
    return 1;
  }
  const [file = '', ...args] = lab.host(name).enter(command.length > 0 ? command : ['bash', '-l']);
  const env = { ...hostEnvironment, TERM: process.env['TERM'] ?? 'dumb' };
  const { status: exitCode, signal } = spawnSync(file, args, { stdio: 'inherit', env });
  return exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

function addresses(): string {
  return hostNames.map((name) => `${name} ${hostAddress(name)}`).join(', ');
}

function isHost(word: string | undefined): word is HostName {
  return hostNames.some((name) => name === word);
}

function misuse(what: string): number {
  console.error(`lab: ${what}; try: npm run lab -- --help`);
  return 2;
}

function say(text: string, exitCode: number): number {
  console.log(text);
  return exitCode;
}
