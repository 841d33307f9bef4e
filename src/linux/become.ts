import { closeSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const pidfdOpen = libc.func('int pidfd_open(int pid, uint flags)');
const pidfdGetfd = libc.func('int pidfd_getfd(int pidfd, int fd, uint flags)');
const fcntl = libc.func('int fcntl(int, int, ...)');
const dup2 = libc.func('int dup2(int, int)');
const execvp = libc.func('int execvp(const char *, const char **)');
const signal = libc.func('void *signal(int, void *)');
const exit = libc.func('void _exit(int)');

const F_SETFD = 2;
const F_DUPFD_CLOEXEC = 1030;
const SIGPIPE = 13;
const firstNumber = 3;
// Above all that this process has open or will open.
const outOfTheWay = 100;

/** Copies of another process's descriptors, out of the way of those that they are to become. @throws Error if it is gone or may not be looked into */
export function takeDescriptors(pid: number, descriptors: readonly number[]): number[] {
  const process = pidfdOpen(pid, 0) as number;
  if (process < 0) throw new Error(`process ${pid}: errno ${koffi.errno()}`);
  try {
    return descriptors.map((fd) => {
      const copy = pidfdGetfd(process, fd, 0) as number;
      if (copy < 0) throw new Error(`descriptor ${fd} of process ${pid}: errno ${koffi.errno()}`);
      const moved = fcntl(copy, F_DUPFD_CLOEXEC, 'int', outOfTheWay) as number;
      closeSync(copy);
      return moved;
    });
  } finally {
    closeSync(process);
  }
}

/** This process becomes `program`, with these descriptors as 3, 4, …. Never returns; exit code 127 if it cannot. */
export function becomeProgram(
  program: string,
  args: readonly string[],
  descriptors: readonly number[],
): void {
  // Node ignores it, and what is ignored stays so.
  signal(SIGPIPE, null);
  // Node closes all that it was started with on the way to another program, these too.
  for (const fd of [0, 1, 2]) fcntl(fd, F_SETFD, 'int', 0);
  descriptors.forEach((fd, index) => dup2(fd, firstNumber + index));
  execvp(program, [program, ...args, null]);
  exit(127);
}
