import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

interface Message {
  readonly error?: object;
  readonly return?: unknown;
}

/** What the commands used here answer. */
interface Answer {
  readonly status?: string;
}

/** QEMU's monitor (QMP): one JSON text per line. One command at a time. */
export class Monitor {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = createInterface(socket)[Symbol.asyncIterator]();
  }

  /** Waits until QEMU listens there. @throws if it does not before the signal */
  static async connect(path: string, signal: AbortSignal): Promise<Monitor> {
    for (;;) {
      const socket = connect(path);
      try {
        await once(socket, 'connect');
        socket.on('error', () => {}); // Its lines end then.
        const monitor = new Monitor(socket);
        await monitor.#next(); // The greeting.
        await monitor.execute('qmp_capabilities');
        return monitor;
      } catch (error) {
        socket.destroy();
        if (signal.aborted) throw error;
        await sleep(10);
      }
    }
  }

  /** @throws what QEMU answers if it refuses */
  async execute<Of = Answer>(command: string, parameters: object = {}): Promise<Of> {
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters })}\n`);
    for (;;) {
      const message = await this.#next();
      if (message.error) throw new Error(`QEMU refuses ${command}: ${JSON.stringify(message.error)}`);
      if ('return' in message) return message.return as Of;
      // What is left are events.
    }
  }

  /** Runs a command of the monitor that people use; returns what it prints. */
  human(line: string): Promise<string> {
    return this.execute('human-monitor-command', { 'command-line': line });
  }

  close(): void {
    this.#socket.destroy();
  }

  async #next(): Promise<Message> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('QEMU has closed its monitor');
    return JSON.parse(value) as Message;
  }
}
