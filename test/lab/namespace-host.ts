import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { entryCgroups } from './cgroups.ts';
import { type CommandOptions, type RunningCommand, onHost, start } from './command.ts';
import { Host, type HostName } from './host.ts';

/** A host made of namespaces. */
export class NamespaceHost extends Host {
  /** The PID that its init has on the machine. */
  readonly pid: number;
  readonly #lab: string;

  constructor(lab: string, name: HostName, pid: number) {
    super(name);
    this.#lab = lab;
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

  override spawn(argv: readonly string[], options: CommandOptions = {}): RunningCommand {
    return start(this.enter(argv), `${this.name}: ${argv.join(' ')}`, options);
  }

  override write(path: string, contents: string | Uint8Array): Promise<void> {
    return writeFile(join(this.root, path), contents);
  }

  override read(path: string): Promise<string> {
    return readFile(join(this.root, path), 'utf8');
  }
}
