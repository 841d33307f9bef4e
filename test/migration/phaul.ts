import type { ErrorReport, PhaulEvent, Summary } from '../../src/observe/events.ts';
import type { Host } from '../lab/host.ts';

/** How a run of phaul ended. */
export interface PhaulEnd {
  readonly exitCode: number;
  readonly events: readonly PhaulEvent[];
  /** What people read. */
  readonly text: string;
  /** Of a successful migration, else undefined. */
  readonly summary: Summary | undefined;
  readonly error: ErrorReport | undefined;
}

/** A phaul at work. */
export interface PhaulRun {
  /** The first event with these properties, at once if it has been already. @throws if phaul ends without it */
  readonly event: (wanted: Partial<Record<string, unknown>>) => Promise<PhaulEvent>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** @throws if stdout is not JSON lines with exactly one result, the last. */
  readonly ended: Promise<PhaulEnd>;
}

/** Starts `phaul migrate --json` (or another command) on a host. */
export function startPhaul(host: Host, args: readonly string[], command = 'migrate'): PhaulRun {
  const events: PhaulEvent[] = [];
  const waiting: { matches: (event: PhaulEvent) => boolean; resolve: (event: PhaulEvent) => void }[] = [];
  const running = host.spawn(['phaul', command, '--json', ...args], {
    check: false,
    timeoutMs: 60_000,
    onLine: (line, stream) => {
      if (stream === 'stderr' || !line.startsWith('{')) return;
      const event = JSON.parse(line) as PhaulEvent;
      events.push(event);
      for (const { matches, resolve } of waiting) if (matches(event)) resolve(event);
    },
  });
  const ended = running.result.then(({ exitCode, stdout, stderr }) => theEnd(exitCode, stdout, stderr));
  ended.catch(() => undefined);
  return {
    kill: running.kill,
    ended,
    event: (wanted) =>
      new Promise((resolve, reject) => {
        const matches = (event: PhaulEvent): boolean =>
          Object.entries(wanted).every(([key, value]) =>
            Object.entries(event).some(([k, v]) => k === key && v === value),
          );
        const past = events.find(matches);
        if (past) return resolve(past);
        waiting.push({ matches, resolve });
        running.result.then(
          ({ stderr }) => reject(new Error(`phaul ended before ${JSON.stringify(wanted)}\n${stderr}`)),
          reject,
        );
      }),
  };
}

/** Runs it to its end. */
export function phaul(host: Host, args: readonly string[], command?: string): Promise<PhaulEnd> {
  return startPhaul(host, args, command).ended;
}

function theEnd(exitCode: number, stdout: string, text: string): PhaulEnd {
  const events = stdout.split('\n').filter(Boolean).map(parsed);
  const results = events.filter(({ type }) => type === 'result');
  const last = events.at(-1);
  // Killed, it can say nothing more.
  if (exitCode === 128 + 9) return { exitCode, events, text, summary: undefined, error: undefined };
  if (results.length !== 1 || last?.type !== 'result')
    throw new Error(`phaul ended with ${exitCode} and ${results.length} results\n${stdout}${text}`);
  return {
    exitCode,
    events,
    text,
    summary: last.ok && 'acts' in last ? last : undefined,
    error: last.ok ? undefined : last.error,
  };
}

function parsed(line: string): PhaulEvent {
  try {
    return JSON.parse(line) as PhaulEvent;
  } catch {
    throw new Error(`not JSON on stdout: ${line}`);
  }
}
