import type { Listener } from './emitter.ts';

/** Every event as one line of JSON. */
export function jsonLines(write: (line: string) => void): Listener {
  return (event) => write(`${JSON.stringify(event)}\n`);
}
