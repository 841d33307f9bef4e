import { write } from 'node:fs';

/** Standard output or standard error, without anybody waiting for whoever reads it. */
export interface Outlet {
  readonly write: (text: string) => void;
  /** Not all has been taken yet. */
  readonly busy: () => boolean;
}

const againMs = 20;

/**
 * Writes to `process.stdout` block the whole program while a pipe is full or somebody has pressed Ctrl-S, and it may be in the middle of a freeze; and they
 * end it when the reader has gone. Here what is written waits in order, and is dropped if nobody will ever read it.
 */
export function outlet(fd: number): Outlet {
  let waiting = '';
  let writing = false;
  let gone = false;
  const next = (bytes: Buffer): void => {
    if (bytes.length === 0) {
      writing = false;
      return begin();
    }
    write(fd, bytes, (error, count) => {
      // Another program has made it non-blocking for all who share it.
      if (error?.code === 'EAGAIN') return void setTimeout(next, againMs, bytes);
      if (!error) return next(bytes.subarray(count));
      gone = true;
      writing = false;
    });
  };
  const begin = (): void => {
    if (writing || waiting === '') return;
    writing = true;
    const bytes = Buffer.from(waiting);
    waiting = '';
    next(bytes);
  };
  return {
    write: (text) => {
      if (gone) return;
      waiting += text;
      begin();
    },
    busy: () => writing,
  };
}
