import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { hostEnvironment } from './command.ts';
import { type HostName, hostAddress } from './host.ts';
import { labName } from './paths.ts';

/** A host of a lab, as far as the command line deals with it. */
interface EnterableHost {
  /** The argument vector that runs `argv` on this host. */
  enter(argv: readonly string[]): string[];
}

/** One kind of lab. */
export interface LabKind<Name extends HostName> {
  /** The npm script. */
  readonly script: string;
  /** What it is, one sentence or two. */
  readonly description: string;
  readonly hostNames: readonly Name[];
  readonly up: () => Promise<unknown>;
  readonly down: () => Promise<void>;
  /** How to find a host of the lab that is up; undefined if it is not completely there. */
  readonly find: () => ((name: Name) => EnterableHost) | undefined;
}

/** Does what a command line says with a lab. @returns the exit code */
export async function runLabCommand<Name extends HostName>(
  kind: LabKind<Name>,
  [command, ...args]: readonly string[],
): Promise<number> {
  try {
    const host = kind.hostNames.find((name) => name === command);
    if (host !== undefined) return enter(kind, host, args);
    if (args.length > 0) return misuse(kind, `${command} takes no arguments`);
    if (command === 'up') return await up(kind);
    if (command === 'down') return await down(kind);
    if (command === 'status') return status(kind);
    if (command === '--help' || command === undefined) return say(usage(kind), command ? 0 : 2);
    return misuse(kind, `there is no ${JSON.stringify(command)}`);
  } catch (error) {
    console.error(`lab: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

function usage<Name extends HostName>({ script, description, hostNames }: LabKind<Name>): string {
  const [first, ...others] = hostNames;
  return `${description}

  npm run ${script} -- up                 bring them up (fresh, even if they are up)
  npm run ${script} -- down               clear everything away
  npm run ${script} -- status             say what is up
  npm run ${script} -- ${first} [COMMAND…]       run a command on host ${first} (${others.join(', ')}); without one, a shell

The name of the lab is $PHAUL_LAB, or "lab". Labs of different names can be up at the same time.`;
}

async function up<Name extends HostName>(kind: LabKind<Name>): Promise<number> {
  const started = performance.now();
  await kind.up();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  return say(`lab "${labName()}" is up (${seconds} s): ${addresses(kind).join(', ')}`, 0);
}

async function down<Name extends HostName>(kind: LabKind<Name>): Promise<number> {
  await kind.down();
  return say(`lab "${labName()}" is down`, 0);
}

function status<Name extends HostName>(kind: LabKind<Name>): number {
  if (!kind.find()) return say(`lab "${labName()}" is down`, 1);
  return say([`lab "${labName()}" is up`, ...addresses(kind)].join('\n'), 0);
}

function enter<Name extends HostName>(kind: LabKind<Name>, name: Name, command: readonly string[]): number {
  const find = kind.find();
  if (!find) {
    console.error(`lab: lab "${labName()}" is not up; try: npm run ${kind.script} -- up`);
    return 1;
  }
  const [file = '', ...args] = find(name).enter(command.length > 0 ? command : ['bash', '-l']);
  const env = { ...hostEnvironment, TERM: process.env['TERM'] ?? 'dumb' };
  const { status: exitCode, signal } = spawnSync(file, args, { stdio: 'inherit', env });
  return exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

function addresses<Name extends HostName>({ hostNames }: LabKind<Name>): string[] {
  return hostNames.map((name) => `${name} ${hostAddress(name)}`);
}

function misuse<Name extends HostName>({ script }: LabKind<Name>, what: string): number {
  console.error(`lab: ${what}; try: npm run ${script} -- --help`);
  return 2;
}

function say(text: string, exitCode: number): number {
  console.log(text);
  return exitCode;
}
