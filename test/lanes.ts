/**
 * All tests of a file begin at once. On a busy machine dozens of programs that start together would take longer than one may: here work that is begun waits
 * until there are no more than so many at a time.
 */
export function lanes(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  const ends: Promise<unknown>[] = [];
  let next = 0;
  return (work) => {
    const lane = next++ % count;
    const done = (ends[lane] ?? Promise.resolve()).then(work, work);
    ends[lane] = done;
    return done;
  };
}
