import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Refusal } from '../../src/errors.ts';

/** The signal that a container wants to be stopped with. */
export interface StopSignal {
  /** `SIGTERM`, `SIGRTMIN+3`, … */
  readonly name: string;
  /** The same as a runtime's `kill` takes it. */
  readonly forRuntime: string;
}

// Where image builders note it (the image spec's pre-defined annotation keys).
const annotation = 'org.opencontainers.image.stopSignal';

/** What the bundle's config.json says; SIGTERM if nothing; null if that is no signal. */
export async function stopSignalOf(bundle: string): Promise<StopSignal | null> {
  const said = await annotated(bundle);
  return said === undefined ? { name: 'SIGTERM', forRuntime: 'TERM' } : parseSignal(said);
}

/** A name with or without SIG, a number, or a real-time signal such as systemd's `SIGRTMIN+3`. */
export function parseSignal(text: string): StopSignal | null {
  const upper = text.trim().toUpperCase();
  const named = Object.entries(constants.signals).find(([name, number]) =>
    [name, name.slice('SIG'.length), String(number)].includes(upper),
  );
  if (named) return { name: named[0], forRuntime: named[0] };
  // glibc keeps 32 and 33 for itself.
  const realTime = /^(?:SIG)?RTMIN(?:\+([12]?\d|30))?$/.exec(upper);
  return realTime && { name: text.trim(), forRuntime: String(34 + Number(realTime[1] ?? 0)) };
}

/** Preflight: a container whose stop signal is not understood cannot be stopped as it wants. */
export async function unknownSignal(id: string, bundle: string): Promise<Refusal[]> {
  if ((await stopSignalOf(bundle)) !== null) return [];
  const message = `The stop signal of ${id} is unknown: ${JSON.stringify(await annotated(bundle))}.`;
  const hint = `Correct the annotation ${annotation} in ${join(bundle, 'config.json')}.`;
  return [{ code: 'CONTAINER_UNSUPPORTED', message, hint, host: 'source' }];
}

async function annotated(bundle: string): Promise<string | undefined> {
  const text = await readFile(join(bundle, 'config.json'), 'utf8').catch(() => '{}');
  const { annotations } = JSON.parse(text) as { annotations?: Record<string, string> };
  return annotations?.[annotation];
}
