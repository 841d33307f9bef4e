import type { Random } from './fuzz.ts';

export const below = (random: Random, count: number): number => Math.floor(random() * count);

export function pick<T>(random: Random, among: readonly [T, ...T[]] | readonly T[]): T {
  return among[below(random, among.length)] as T;
}

/** Bytes that are no text, or that text ends at. */
const awkward = [0x00, 0xff, 0xfe, 0x0a, 0x0d, 0x80, 0xc3, 0xed, 0xf0, 0x22, 0x5b, 0x7b];

export function noise(random: Random, most = 200): Buffer {
  return Buffer.from(
    Array.from({ length: 1 + below(random, most) }, () =>
      random() < 0.2 ? pick(random, awkward) : below(random, 256),
    ),
  );
}

type Frames = Buffer[];
/** @param at one of the frames */
type Harm = (frames: Frames, at: number, random: Random) => void;

const flip: Harm = (frames, at, random) => {
  const bytes = Buffer.from(frames[at] ?? []);
  for (let n = 1 + below(random, 4); n > 0 && bytes.length > 0; n--)
    bytes[below(random, bytes.length)] = random() < 0.5 ? pick(random, awkward) : below(random, 256);
  frames[at] = bytes;
};
/** The stream ends within a frame. */
const cut: Harm = (frames, at, random) => {
  const frame = frames[at];
  frames.length = at;
  if (frame) frames.push(frame.subarray(0, below(random, frame.length)));
};
/** A frame lacks its end, or its beginning. */
const shorten: Harm = (frames, at, random) => {
  const frame = frames[at] ?? Buffer.alloc(0);
  const place = below(random, frame.length);
  frames[at] = random() < 0.5 ? frame.subarray(0, place) : frame.subarray(place);
};
const double: Harm = (frames, at) => void frames.splice(at, 0, ...frames.slice(at, at + 1));
const drop: Harm = (frames, at) => void frames.splice(at, 1);
const swap: Harm = (frames, at, random) => {
  const other = below(random, frames.length);
  [frames[at], frames[other]] = [frames[other] as Buffer, frames[at] as Buffer];
};
const insert: Harm = (frames, at, random) => void frames.splice(at, 0, noise(random));
const insertWithin: Harm = (frames, at, random) => {
  const frame = frames[at] ?? Buffer.alloc(0);
  const place = below(random, frame.length);
  frames[at] = Buffer.concat([frame.subarray(0, place), noise(random, 8), frame.subarray(place)]);
};
const harms: readonly Harm[] = [flip, flip, cut, shorten, double, drop, swap, insert, insertWithin];

/** Good frames as they may arrive: now and then as they are, else with up to three things that have happened to them. */
export function damaged(random: Random, good: readonly Buffer[]): Buffer[] {
  const frames = [...good];
  for (let n = below(random, 4); n > 0 && frames.length > 0; n--)
    pick(random, harms)(frames, below(random, frames.length), random);
  return frames;
}

// Each chunk costs a turn of the loop.
const mostChunks = 200;

/** The same bytes in other pieces: all at once, frame by frame, each byte for itself, or cut anywhere. */
export function chunked(random: Random, frames: readonly Buffer[]): Buffer[] {
  const how = random();
  if (how < 0.3) return [...frames];
  const bytes = Buffer.concat(frames);
  if (how < 0.6) return [bytes];
  const few = bytes.length <= mostChunks;
  const size =
    few && how < 0.8 ? 1 : Math.max(1, Math.ceil((bytes.length / mostChunks) * (1 + 9 * random())));
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}
