import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Method } from '../../src/rpc/methods.ts';

const directory = join(import.meta.dirname, 'fixtures');

/** One migration's rpc channel as a release of phaul spoke it. */
export interface Recording {
  /** `protocol-3-live`. */
  readonly name: string;
  readonly protocol: number;
  /** Every line, without its end, in the order in which they were said. */
  readonly lines: readonly { readonly from: 'source' | 'target'; readonly text: string }[];
  readonly calls: readonly Call[];
}

interface Call {
  readonly id: number;
  readonly method: Method;
  readonly params: object;
  readonly result: object;
}

export const recordingPath = (protocol: number, mode: string): string =>
  join(directory, `protocol-${protocol}-${mode}.jsonl`);

// Earlier ones were in no release: of them nobody needs to understand more than the greeting.
const firstReleased = 4;

/** All that there are, the eldest first. */
export const recordings: readonly Recording[] = readdirSync(directory)
  .filter((file) => file.endsWith('.jsonl'))
  .map((file) => recording(file.slice(0, -'.jsonl'.length)))
  .sort((one, other) => one.protocol - other.protocol);

/** Those that must be understood to the end. */
export const released: readonly Recording[] = recordings.filter(({ protocol }) => protocol >= firstReleased);

function recording(name: string): Recording {
  const said = readFileSync(join(directory, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ['source' | 'target', string | Record<string, never>]);
  const frames = said.map(([, frame]) => frame).filter((frame) => typeof frame !== 'string');
  const results = new Map(frames.filter(({ result }) => result).map(({ id, result }) => [id, result]));
  return {
    name,
    protocol: Number(/^protocol-(\d+)-/.exec(name)?.[1]),
    lines: said.map(([from, frame]) => ({
      from,
      text: typeof frame === 'string' ? frame : JSON.stringify(frame),
    })),
    calls: frames
      .filter(({ method }) => method)
      .map((call) => ({ ...(call as unknown as Call), result: results.get(call['id'] as never) ?? {} })),
  };
}
