import { type CommandOptions, type RunningCommand, start } from '../command.ts';
import { Host } from '../host.ts';
import { lastWords } from './last-words.ts';
import type { Machine } from './machine.ts';
import { cleanEnvironment, overSsh, shellText } from './ssh.ts';

/** Notes under which PID a command runs, and becomes it. */
const noted = 'cd /; echo $$ >/run/lab/"$0"; exec "$@"';

/** Sends a signal to a command, SIGKILL to its whole group. A command that was just started may not be there yet. */
const signal = `
until pid=$(cat "/run/lab/$1" 2>/dev/null) || [ "$((tries += 1))" -gt 100 ]; do sleep 0.02; done
[ "$2" = KILL ] && pid=-$pid
kill -s "$2" -- "$pid" 2>/dev/null || true`;

let commands = 0;

/** A host that is a virtual machine. Its commands go over ssh, on the one connection that startMachine() has opened. */
export class VmHost extends Host {
  readonly #machine: Omit<Machine, 'image'>;

  constructor(machine: Omit<Machine, 'image'>) {
    super(machine.name);
    this.#machine = machine;
  }

  /** The argument vector that runs `argv` on this host, for a person: with a terminal if there is one here. */
  enter(argv: readonly string[]): string[] {
    const terminal = process.stdin.isTTY && process.stdout.isTTY;
    const script = `cd /; exec ${shellText(cleanEnvironment)} TERM="$TERM" ${shellText(argv)}`;
    return this.#ssh(script, terminal);
  }

  override spawn(argv: readonly string[], options: CommandOptions = {}): RunningCommand {
    const id = `${process.pid}-${(commands += 1)}`;
    // A session of its own, so that it has a group of its own. What sshd started waits for it, to tell how it ended.
    const command = ['setsid', 'sh', '-c', noted, id, ...cleanEnvironment, ...argv];
    const script = `${shellText(command)}; code=$?; rm -f /run/lab/${id}; exit $code`;
    const send = (name: NodeJS.Signals): void => {
      const words = ['sh', '-c', signal, 'signal', id, name.replace('SIG', '')];
      start(this.#ssh(shellText(words)), `${this.name}: ${name}`);
    };
    const { result, kill } = start(this.#ssh(script), `${this.name}: ${argv.join(' ')}`, options, send);
    const explained = result.catch((error: unknown) => {
      throw this.#explained(error);
    });
    explained.catch(() => {}); // Whoever never asks for the result does not want to be told.
    return { result: explained, kill };
  }

  override async write(path: string, contents: string | Uint8Array): Promise<void> {
    await this.run(['sh', '-c', 'cat >"$0"', path], { input: contents });
  }

  override async read(path: string): Promise<string> {
    return (await this.run(['cat', path])).stdout;
  }

  /** A command may have failed because the machine has. */
  #explained(error: unknown): unknown {
    const words = lastWords(this.#machine);
    if (words.length === 0 || !(error instanceof Error)) return error;
    return new Error([error.message, `The machine ${this.name}:`, ...words].join('\n'), { cause: error });
  }

  #ssh(script: string, terminal = false): string[] {
    return overSsh(this.#machine.directory, this.#machine.name, script, terminal);
  }
}
