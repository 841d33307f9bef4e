import type { ErrorReport, PhaulEvent, Summary } from '../../src/observe/events.ts';
import type { Host } from '../lab/host.ts';
import { validEvent, wholeRun } from '../observe/whole-run.ts';

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
  /** The first event with these properties, or such that fit, at once if it has been already. @throws if phaul ends without it */
  readonly event: (wanted: Wanted) => Promise<PhaulEvent>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Lets it go on that stands still at an event. */
  readonly goOn: () => Promise<void>;
  /** @throws if stdout is anything but events as documented with exactly one result, the last */
  readonly ended: Promise<PhaulEnd>;
}

type Wanted = Partial<Record<string, unknown>>;

/**
 * Starts `phaul migrate --json` (or another command) on a host.
 * @param holds the events at which it stands still, each once, until goOn(): without that it may be far beyond them when a test hears of them
 */
export function startPhaul(
  host: Host,
  args: readonly string[],
  command = 'migrate',
  holds: readonly Wanted[] = [],
): PhaulRun {
  const hold = `PHAUL_HOLD=${JSON.stringify(holds)}`;
  const held = ['env', 'NODE_OPTIONS=--import=/opt/phaul/test/migration/hold.mjs', hold];
  const events: PhaulEvent[] = [];
  const waiting: { matches: (event: PhaulEvent) => boolean; resolve: (event: PhaulEvent) => void }[] = [];
  const running = host.spawn([...(holds.length > 0 ? held : []), 'phaul', command, '--json', ...args], {
    check: false,
    timeoutMs: 120_000,
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
    goOn: () => host.write('/run/phaul-go-on', ''),
    ended,
    event: (wanted) =>
      new Promise((resolve, reject) => {
        const matches = (event: PhaulEvent): boolean =>
          Object.entries(wanted).every(([key, value]) =>
            Object.entries(event).some(
              ([k, v]) => k === key && (value instanceof RegExp ? value.test(String(v)) : v === value),
            ),
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
  // Killed, it can say nothing more.
  if (exitCode === 128 + 9) {
    const events = stdout.split('\n').filter(Boolean).map(validEvent);
    return { exitCode, events, text, summary: undefined, error: undefined };
  }
  const events = whole(exitCode, stdout, text);
  const last = events.at(-1);
  if (last?.type !== 'result') throw new Error('no result');
  return {
    exitCode,
    events,
    text,
    summary: last.ok && 'acts' in last ? last : undefined,
    error: last.ok ? undefined : last.error,
  };
}

function whole(exitCode: number, stdout: string, text: string): PhaulEvent[] {
  try {
    return wholeRun(stdout);
  } catch (cause) {
    throw new Error(`phaul ended with ${exitCode}\n${text}`, { cause });
  }
}
