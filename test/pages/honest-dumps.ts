import { codings, frameKinds } from '../../src/pages/frame.ts';
import { pageFlags } from '../../src/pages/wire.ts';
import { below } from '../fuzz/damage.ts';
import type { Random } from '../fuzz/fuzz.ts';
import { end, frame, iteration, kept, open, raw, zeros } from './frames.ts';

const [one, two] = [Buffer.alloc(4096, 1), Buffer.alloc(4096, 2)];
// Those two as one zstd frame.
const packed = Buffer.from('KLUv/WAAH20AABgBAQICAPwHvti/D7A=', 'base64');

/** Frames of some dumps of a few small owners, as an honest source sends them. Gives the number of the last, too. */
export function honestDumps(random: Random, zstd: boolean): { frames: Buffer[]; last: number } {
  const last = 1 + below(random, 3);
  const frames: Buffer[] = [];
  // What the target has of each owner: runs of pages.
  let before = new Map<bigint, [number, number][]>();
  for (let number = 1; number <= last; number++) {
    const now = new Map<bigint, [number, number][]>();
    frames.push(iteration(number));
    for (let id = 1; id <= 3; id++) {
      const owner = (BigInt(id) << 8n) | (random() < 0.5 ? 1n : 2n);
      if (random() < 0.3 || now.has(owner)) continue;
      frames.push(open(owner));
      const runs: [number, number][] = [];
      for (const [page, count] of before.get(owner) ?? [])
        if (random() < 0.5) {
          frames.push(kept(page, count));
          runs.push([page, count]);
        }
      for (let page = 10_000 * number; random() < 0.7; page += 3 + below(random, 50)) {
        const how = random();
        if (how < 0.4) frames.push(raw(page, one, two));
        else if (how < 0.7 || !zstd) frames.push(zeros(page, 2));
        else frames.push(compressed(page));
        runs.push([page, 2]);
      }
      now.set(owner, runs);
    }
    frames.push(end(number));
    before = now;
  }
  return { frames, last };
}

const compressed = (number: number): Buffer =>
  frame({ kind: frameKinds.pages, coding: codings.zstd, flags: pageFlags.present, number, count: 2 }, packed);
