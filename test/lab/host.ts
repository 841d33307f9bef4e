import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandOptions, type CommandResult, type RunningCommand, onHost, start } from './command.ts';
import { entryCgroups } from './cgroups.ts';

/** The hosts of a lab. */
export const hostNames = ['a', 'b', 'c'] as const;
export type HostName = (typeof hostNames)[number];

/** The address of a host in the lab's network, 10.77.0.0/24. */
export function hostAddress(name: HostName): string {
  return `10.77.0.${hostNames.indexOf(name) + 1}`;
}

/** One host of a lab that is up. */
export class Host {
  readonly name: HostName;
  readonly address: string;
  /** The PID that its init has on the machine. */
  readonly pid: number;
  readonly #lab: string;

  constructor(lab: string, name: HostName, pid: number) {
    this.#lab = lab;
    this.name = name;
    this.address = hostAddress(name);
    this.pid = pid;
  }

  /**
   * The host's file system as the machine sees it, with everything mounted in it. rsync refuses such paths and an
   * absolute symlink below it leads out of it; everything else takes it for a directory.
   */
  get root(): string {
    return `/proc/${this.pid}/root`;
  }

  /** The argument vector that runs `argv` on this host. */
  enter(argv: readonly string[]): string[] {
    return onHost(this.pid, entryCgroups(this.#lab, this.name), argv);
  }

  /** Starts a command on this host, as root, in /, with a clean environment. */
  spawn(argv: readonly string[], options: CommandOptions = {}): RunningCommand {
    return start(this.enter(argv), `${this.name}: ${argv.join(' ')}`, options);
  }

  /** Runs a command on this host to its end. Throws as `check` and `timeoutMs` say. */
  run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.spawn(argv, options).result;
  }

  /** Runs shell text on this host; any command of it that fails ends it. Returns its stdout without the last newline. */
  async sh(script: string, options: CommandOptions = {}): Promise<string> {
    const { stdout } = await this.run(['sh', '-euc', script], options);
    return stdout.replace(/\n$/, '');
  }

  /** Writes a file on this host. */
  write(path: string, contents: string | Uint8Array): Promise<void> {
    return writeFile(join(this.root, path), contents);
  }

  /** Reads a text file on this host. */
  read(path: string): Promise<string> {
    return readFile(join(this.root, path), 'utf8');
  }
}
