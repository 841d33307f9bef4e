import type { Host } from '../lab/host.ts';

/** An event of `phaul migrate --json`, as far as benchmarks look at it. */
export interface Event {
  readonly type: string;
  readonly ok?: boolean;
  /** Of the result. */
  readonly freezeMs?: number;
  readonly predictedFreezeMs?: number | null;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A migration under way. */
export interface Migration {
  /** Settles at its end. @throws if it failed */
  readonly result: Promise<void>;
}

/** Runs `phaul migrate` with the given arguments; `onEvent` gets each event as it arrives. */
export function phaulMigrate(
  source: Host,
  args: readonly string[],
  onEvent: (event: Event) => void = () => {},
): Migration {
  let last: Event | undefined;
  const onLine = (line: string, stream: 'stdout' | 'stderr'): void => {
    if (stream === 'stderr') return;
    last = JSON.parse(line) as Event;
    onEvent(last);
  };
  const command = source.spawn(['phaul', 'migrate', '--json', ...args], { check: false, onLine });
  const result = command.result.then(({ exitCode, stderr }) => {
    if (last?.ok) return;
    const reason = last?.error
      ? `${last.error.code}: ${last.error.message}`
      : `exit code ${exitCode}, no result\n${stderr}`;
    throw new Error(`phaul migrate: ${reason}`);
  });
  return { result };
}
