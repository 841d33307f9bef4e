import type { CommandOptions, CommandResult, RunningCommand } from './command.ts';

/** The hosts of a lab; one made of virtual machines has no c. */
export const hostNames = ['a', 'b', 'c'] as const;
export type HostName = (typeof hostNames)[number];

/** The address of a host in its lab's network, 10.77.0.0/24. */
export function hostAddress(name: HostName): string {
  return `10.77.0.${hostNames.indexOf(name) + 1}`;
}

/** One host of a lab that is up, of whatever kind: what most helpers need of it. */
export abstract class Host {
  readonly name: HostName;
  readonly address: string;

  constructor(name: HostName) {
    this.name = name;
    this.address = hostAddress(name);
  }

  /** Starts a command on this host, as root, in /, with a clean environment. */
  abstract spawn(argv: readonly string[], options?: CommandOptions): RunningCommand;

  /** Writes a file on this host. */
  abstract write(path: string, contents: string | Uint8Array): Promise<void>;

  /** Reads a text file on this host. */
  abstract read(path: string): Promise<string>;

  /** Runs a command on this host to its end. Throws as `check` and `timeoutMs` say. */
  run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.spawn(argv, options).result;
  }

  /** Runs shell text on this host; any command of it that fails ends it. Returns its stdout without the last newline. */
  async sh(script: string, options: CommandOptions = {}): Promise<string> {
    const { stdout } = await this.run(['sh', '-euc', script], options);
    return stdout.replace(/\n$/, '');
  }
}
