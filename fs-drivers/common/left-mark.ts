import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';

const markSchema = z.strictObject({
  container: z.string(),
  target: z.string(),
  at: z.string(),
  tree: z.strictObject({ dev: z.string(), ino: z.string(), born: z.string() }),
});

/** What is known of a tree whose container moved away: the files are stale and may be overwritten when it comes back. */
export type LeftMark = Pick<z.infer<typeof markSchema>, 'container' | 'target'>;

/**
 * Marks `path` as left behind. The mark lies beside the tree, not in it, so that it never travels, and where whoever looks
 * at the directory sees it. It names the directory by inode: if that is removed and something else takes its place, the
 * mark says nothing of it.
 */
export async function markLeft(path: string, { container, target }: LeftMark): Promise<void> {
  const tree = await identity(path);
  if (!tree) return;
  const mark = { container, target, at: new Date().toISOString(), tree };
  await writeFile(markOf(path), `${JSON.stringify(mark)}\n`, { mode: 0o600 });
}

/** The mark that `markLeft` put on the tree now at `path`, or null. */
export async function wasLeft(path: string): Promise<LeftMark | null> {
  const text = await readFile(markOf(path), 'utf8').catch(() => null);
  const mark = text === null ? null : parse(text);
  const tree = await identity(path);
  if (!mark || !tree) return null;
  const same = mark.tree.dev === tree.dev && mark.tree.ino === tree.ino && mark.tree.born === tree.born;
  return same ? { container: mark.container, target: mark.target } : null;
}

/** The tree is in use again. */
export async function forgetLeft(path: string): Promise<void> {
  await rm(markOf(path), { force: true });
}

/** A copy of the mark in `directory`. */
export async function setAside(path: string, directory: string): Promise<string> {
  const copy = await mkdtemp(join(directory, 'left-'));
  await copyFile(markOf(path), join(copy, 'mark'));
  return join(copy, 'mark');
}

/** Where the mark of a tree is. */
export function markOf(path: string): string {
  return join(dirname(path), `.phaul-left-${basename(path).slice(0, 200)}`);
}

async function identity(path: string): Promise<z.infer<typeof markSchema>['tree'] | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  // An inode's number is used again soon; together with its birth it is unique.
  return found && { dev: `${found.dev}`, ino: `${found.ino}`, born: `${found.birthtimeNs}` };
}

function parse(text: string): z.infer<typeof markSchema> | null {
  try {
    return markSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
