import { closeSync } from 'node:fs';
import { deferred } from '../deferred.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import { mapFile, type MappedFile } from '../linux/mapped-file.ts';
import { copyPages, hasEvents, type Placed, takeEvents, wakeAll, zeroPages } from '../linux/userfault.ts';
import { type FillRecord, type Lacking, recordFill } from './fill-record.ts';
import type { Leftover } from './seal.ts';
import { type Lot, type Waiting, waiting } from './waiting.ts';
import { pageBytes } from './wire.ts';

/**
 * Puts pages in place behind tasks that run already: first those that a task waits for, the others one after the other. It serves until
 * `close`, because a watched task waits for somebody at each page that it touches for the first time, fresh memory included.
 */
export interface Fill {
  /** A task's memory, as restored, is watched by this descriptor, which is closed at the end. `pid`: as CRIU counts. */
  readonly watch: (pid: number, fd: number) => void;
  /** Every task's memory is complete but for its pages: from now on all pages are put in place, not only those that are waited for. */
  readonly start: () => void;
  /** Settles when the last page is in place. @throws FILL_FAILED */
  readonly done: Promise<void>;
  readonly progress: () => { readonly total: number; readonly placed: number; readonly waitedFor: number };
  /**
   * From now on somebody else could go on (`resumeFill`): what he must know is written down in `directory`, and `park` is called with each descriptor, in the
   * order of the record, those that there are and those that follow.
   */
  readonly outlive: (directory: string, park: (fd: number) => void) => void;
  /** No more pages are put in place: what is not there reads as zeros from now on. Idempotent. */
  readonly close: () => void;
}

interface Space {
  /** In the order in which they came. */
  readonly number: number;
  readonly fd: number;
  readonly lacks: Waiting;
  readonly path: string | null;
  readonly file: MappedFile | null;
  /** Pages that tasks wait for and that could not be put in place at once. */
  faults: number[];
  /** Its tasks have ended, or have become other programs. */
  over: boolean;
}

// A page that is waited for waits for the rest of such a lot at most: 0.1 ms.
const lotPages = 128;
// What is next to a page that is waited for is likely to be wanted soon.
const aroundPages = 16;
// Other work of this process gets its turn so often.
const turnMs = 2;
const idleMs = 1;

export function fill(leftovers: readonly Leftover[]): Fill {
  const total = leftovers.reduce(
    (sum, { extents }) => sum + extents.reduce((pages, { count }) => pages + count, 0),
    0,
  );
  const lacking = (pid: number): Lacking => {
    const left = leftovers.find((leftover) => leftover.pid === pid);
    return { file: left?.file ?? null, lacks: waiting(left?.extents ?? []) };
  };
  const { watch, ...rest } = filler(
    total,
    leftovers.map(({ file }) => file),
  );
  return { ...rest, watch: (pid, fd) => watch(lacking(pid), fd) };
}

/** Goes on with a fill whose process has died. @param spaces as `readFillRecord` gives them, each with its descriptor */
export function resumeFill(
  spaces: readonly (Lacking & { readonly fd: number })[],
): Omit<Fill, 'watch' | 'outlive'> {
  const total = spaces.reduce((sum, { lacks }) => sum + lacks.pages(), 0);
  const paths = spaces.flatMap(({ file }) => file ?? []);
  const { watch, ...rest } = filler(total, paths);
  for (const { fd, ...lacking } of spaces) {
    watch(lacking, fd);
    wakeAll(fd);
  }
  rest.start();
  return rest;
}

function filler(
  total: number,
  paths: readonly string[],
): Omit<Fill, 'watch'> & { readonly watch: (lacking: Lacking, fd: number) => void } {
  const files = new Map([...new Set(paths)].map((path) => [path, mapFile(path)]));
  let spaces: Space[] = [];
  let numbers = 0;
  let record: FillRecord | null = null;
  // Index of the space that was probed last.
  let whoseTurn = 0;
  let park: (fd: number) => void = () => undefined;
  const finished = deferred<void>();
  let turning = false;
  let started = false;
  let closed = false;
  let waitedFor = 0;

  /** Puts a lot in place, as far as that is possible now; gives the rest back. */
  const place = (space: Space, lot: Lot): void => {
    const { fd, file } = space;
    const contents = lot.slot * pageBytes;
    if (!lot.zero) file?.prepare(contents, lot.count * pageBytes);
    let most = lot.count;
    for (let done = 0; done < lot.count;) {
      const count = Math.min(most, lot.count - done);
      const page = lot.page + done;
      const put = (): Placed =>
        lot.zero || !file
          ? zeroPages(fd, page, count)
          : copyPages(fd, page, file.address(contents + done * pageBytes), count);
      let result = put();
      // A mapping that moves at this moment can be missed before the kernel looks whether one does (mm/userfaultfd.c, mfill_atomic since 6.8). It
      // says so to whoever asks once more; the page must not be lost.
      if (result === 'elsewhere' && count === 1) result = put();
      if (typeof result === 'object') {
        done += result.done;
        most = lot.count;
      } else if (result === 'present') done++;
      else if (result === 'elsewhere' && count > 1) most = count >> 1;
      else if (result === 'elsewhere' && started) done++;
      else if (result === 'ended') return forget(space);
      else return space.lacks.giveBack({ ...lot, page, count: lot.count - done, slot: lot.slot + done });
    }
  };
  const forget = (space: Space): void => {
    space.lacks.cut(0, Infinity);
    space.over = true;
  };
  /** A program may have thousands of children meanwhile, most of them short-lived. */
  const closeEnded = (): void => {
    if (!spaces.some(({ over }) => over)) return;
    for (const { fd, over } of spaces) if (over) closeSync(fd);
    spaces = spaces.filter(({ over }) => !over);
  };
  /** One page for each by turns: so it shows if one has ended. */
  const probe = (): void => {
    whoseTurn = whoseTurn < spaces.length ? whoseTurn + 1 : 0;
    const space = spaces[whoseTurn];
    const lot = space?.lacks.last(1);
    if (space && lot) place(space, lot);
  };

  /** @returns false if it must be tried again */
  const serve = (space: Space, page: number): boolean => {
    const around = started ? aroundPages : 1;
    const first = page - (page % around);
    // Memory that the task had not touched before.
    if (!space.lacks.has(page)) return zeroPages(space.fd, page, 1) !== 'again';
    for (const lot of space.lacks.cut(first, first + around)) place(space, lot);
    return !space.lacks.has(page);
  };
  const heed = (space: Space): void => {
    if (hasEvents(space.fd)) takeIn(space);
    if (space.faults.length > 0) space.faults = space.faults.filter((page) => !serve(space, page));
  };
  const takeIn = (space: Space): void => {
    const events = record ? record.take(space.number, space.fd, park) : takeEvents(space.fd, park);
    for (const event of events) {
      if (event.type === 'fork') {
        const child = { fd: event.fd, number: numbers++, lacks: space.lacks.copy(), faults: [], over: false };
        spaces.push({ ...space, ...child });
      } else if (event.type === 'remap') space.lacks.move(event.from, event.to, event.count);
      else if (event.type === 'gone') space.lacks.cut(event.page, event.end);
      else {
        space.faults.push(event.page);
        waitedFor++;
      }
    }
  };
  const lacking = (): number => spaces.reduce((sum, { lacks }) => sum + lacks.pages(), 0);

  const turn = (): void => {
    if (closed) return;
    const until = performance.now() + turnMs;
    let idle = false;
    try {
      if (started) probe();
      do {
        // A fork adds to the list.
        for (let index = 0; index < spaces.length; index++) heed(spaces[index] as Space);
        closeEnded();
        // The eldest first: what it forks when it lacks nothing lacks nothing.
        const next = started ? spaces.find(({ lacks }) => lacks.pages() > 0) : undefined;
        const lot = next?.lacks.last(lotPages);
        if (next && lot) place(next, lot);
        else idle = true;
      } while (!idle && performance.now() < until);
      if (started && lacking() === 0) finished.resolve();
    } catch (error) {
      const reason = asPhaulError(error).message;
      const message = `The rest of the container's memory could not be put in place on the target (${reason}), so it was killed there.`;
      finished.reject(new PhaulError('FILL_FAILED', message, { host: 'target', cause: error }));
      return;
    }
    if (idle) setTimeout(turn, idleMs);
    else setImmediate(turn);
  };

  return {
    watch: ({ file: path, lacks }, fd) => {
      const file = path === null ? null : (files.get(path) ?? null);
      spaces.push({ number: numbers++, fd, lacks, path, file, faults: [], over: false });
      if (turning) return;
      turning = true;
      turn();
    },
    start: () => {
      started = true;
      if (spaces.length === 0) finished.resolve();
    },
    done: finished.promise,
    progress: () => ({ total, placed: Math.max(0, total - lacking()), waitedFor }),
    outlive: (directory, parkNow) => {
      park = parkNow;
      for (const { fd } of spaces) park(fd);
      spaces = spaces.map((space, number) => ({ ...space, number }));
      numbers = spaces.length;
      record = recordFill(
        directory,
        spaces.map(({ path, lacks }) => ({ file: path, lacks })),
      );
    },
    close: () => {
      if (closed) return;
      closed = true;
      record?.close();
      finished.reject(new PhaulError('CANCELLED', 'The pages that follow were given up.'));
      for (const { fd } of spaces) closeSync(fd);
      for (const file of files.values()) file.close();
    },
  };
}
