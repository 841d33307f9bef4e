import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * All that can be told of a tree from outside, one line an entry: two trees are equal if and only if this is. Names, kinds, modes, owners,
 * sizes, times of change, devices, where links lead, extended attributes (POSIX ACLs and capabilities among them), which names are
 * one file, contents, and where a sparse file has none. No symbolic link is followed, but in `root` itself (`/proc/PID/root/…`).
 *
 * @param without names below the tree that are left out
 */
export function portrait(root: string, without: readonly string[] = []): string[] {
  painter ??= startPainter();
  const { ask, hear } = painter;
  writeSync(ask, `${JSON.stringify([resolve(root), ...without])}\n`);
  const parts: Buffer[] = [];
  while (parts.at(-1)?.at(-1) !== endOfAnswer) {
    const part = Buffer.allocUnsafe(1 << 16);
    const bytes = readSync(hear, part);
    parts.push(part.subarray(0, bytes));
    if (bytes > 0) continue;
    // It has ended, and said why.
    for (const fd of [ask, hear]) closeSync(fd);
    painter = undefined;
    throw new Error(`Nothing can be told of ${root}.`);
  }
  return Buffer.concat(parts).toString('latin1').slice(0, -1).split('\n');
}

const endOfAnswer = 0;

/** One program for all trees, because Python takes longer to start than to look at a tree. */
let painter: { readonly ask: number; readonly hear: number } | undefined;

function startPainter(): NonNullable<typeof painter> {
  const home = mkdtempSync('/tmp/phaul-portrait-');
  const [questions, answers] = [join(home, 'questions'), join(home, 'answers')];
  execFileSync('mkfifo', [questions, answers]);
  // Open in both directions nobody waits for the other end.
  const both = [questions, answers].map((path) => openSync(path, constants.O_RDWR));
  const [reads, writes] = [openSync(questions, 'r'), openSync(answers, 'w')];
  const found = { ask: openSync(questions, 'w'), hear: openSync(answers, 'r') };
  const script = fileURLToPath(new URL('portrait.py', import.meta.url));
  // It ends with this process, when its questions do. Without the modules of this machine's own (-I, -S).
  spawn('python3', ['-I', '-S', script], { stdio: [reads, writes, 'inherit'], cwd: '/' }).unref();
  for (const fd of [...both, reads, writes]) closeSync(fd);
  rmSync(home, { recursive: true });
  return found;
}
