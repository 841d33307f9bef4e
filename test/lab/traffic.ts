import type { Host } from './host.ts';

/** What the client saw on its one connection; the last line that redis-client.ts prints. */
export interface TrafficReport {
  readonly type: 'result';
  /** Increments that were answered. */
  readonly operations: number;
  /** Errors of the connection or from Redis; a connection that closed is one. */
  readonly errors: readonly string[];
  /** Answered increments that a later answer does not contain. */
  readonly lost: number;
  /** Increments that an answer contains and nobody sent. */
  readonly doubled: number;
  /** Longest time between two answers. */
  readonly longestGapMs: number;
  /** When it began, milliseconds since the epoch. */
  readonly longestGapAt: number;
}

/** A client at work. */
export interface Traffic {
  /** Ends it after the next answer. */
  stop(): Promise<TrafficReport>;
}

/** Starts the client on a host; it increments a number, without pause if none is asked for. Returns when the first answer is there. */
export async function startTraffic(
  host: Host,
  address = '10.77.0.101',
  port = 6379,
  pauseMs = 0,
): Promise<Traffic> {
  const lines: string[] = [];
  const client = [
    'node',
    '/opt/phaul/dist/test/lab/redis-client.js',
    address,
    String(port),
    '0',
    String(pauseMs),
  ];
  const command = await new Promise<ReturnType<Host['spawn']>>((resolve, reject) => {
    const running = host.spawn(client, { check: false, onLine });
    function onLine(line: string, stream: 'stdout' | 'stderr'): void {
      if (stream === 'stdout') lines.push(line);
      if (line === '{"type":"started"}') resolve(running);
    }
    running.result.then(({ stdout, stderr }) => reject(new Error(`no traffic: ${stdout}${stderr}`)), reject);
  });
  return {
    async stop() {
      command.kill();
      await command.result;
      return JSON.parse(lines.at(-1) ?? '') as TrafficReport;
    },
  };
}
