/** Numbers from 0 to below 1 that look random and are the same each time. */
export function chance(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Memory full of words, different for each seed. zstd shrinks it to about a third. */
export function text(bytes: number, seed = 1): Buffer {
  const random = chance(seed);
  const words = Array.from({ length: 500 }, () =>
    random()
      .toString(36)
      .slice(2, 4 + random() * 8),
  );
  const memory = Buffer.alloc(bytes);
  for (let at = 0; at < bytes;) at += memory.write(`${words[Math.floor(random() * words.length)]} `, at) || 1;
  return memory;
}
