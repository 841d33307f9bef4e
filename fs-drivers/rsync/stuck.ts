import { type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/**
 * Watches an rsync that copies from a running container. If a file becomes a named pipe after rsync has listed it, rsync waits for good for
 * somebody to write into it. Then `found` is called, once.
 *
 * @returns what ends the watch
 */
export function watchForPipe(child: ChildProcess, found: () => void): () => void {
  let times = 0;
  const timer = setInterval(() => {
    void readFile(`/proc/${child.pid}/wchan`, 'latin1').then(
      // fs/pipe.c of the kernel. The whole of `open` waits there and nothing else does, so twice in a row is enough.
      (where) => {
        times = where === 'wait_for_partner' ? times + 1 : 0;
        if (times === 2) found();
      },
      () => undefined,
    );
  }, 500);
  return () => clearInterval(timer);
}
