import { codings, frameBytes, frameKinds, writeFrame } from '../../src/pages/frame.ts';
import { pageFlags } from '../../src/pages/wire.ts';

/** One frame as it is on the wire. */
export function frame(what: Parameters<typeof writeFrame>[2], payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(frameBytes);
  writeFrame(head, 0, { ...what, payload: payload.length });
  return Buffer.concat([head, payload]);
}

export const [shmem, task] = [(5n << 8n) | 2n, (7n << 8n) | 1n];

export const iteration = (number: number): Buffer => frame({ kind: frameKinds.iteration, number });
export const open = (owner: bigint): Buffer => frame({ kind: frameKinds.open, owner });
export const end = (number: number): Buffer => frame({ kind: frameKinds.end, number });

/** Pages with contents, one after the other from `number` on. */
export const raw = (number: number, ...contents: readonly Buffer[]): Buffer =>
  frame(
    { kind: frameKinds.pages, flags: pageFlags.present, number, count: contents.length },
    Buffer.concat(contents),
  );
export const zeros = (number: number, count: number): Buffer =>
  frame({ kind: frameKinds.pages, coding: codings.zero, flags: pageFlags.present, number, count });
export const kept = (number: number, count: number): Buffer =>
  frame({ kind: frameKinds.pages, flags: pageFlags.parent, number, count });
