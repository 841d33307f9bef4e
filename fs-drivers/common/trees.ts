import { lstat, readdir } from 'node:fs/promises';
import * as z from 'zod';
import type { FsTree } from '../../src/contracts/fs-driver.ts';
import { PhaulError, type Refusal } from '../../src/errors.ts';
import { wasLeft } from './left-mark.ts';

const isPlain = (path: string): boolean =>
  !path.includes('\0') && path.split('/').every((part) => !['', '.', '..'].includes(part));
const absolute = z.string().refine((path) => path.startsWith('/') && isPlain(path.slice(1)));
const relative = z.string().refine(isPlain);
const treesSchema = z.array(z.object({ source: z.string(), target: absolute, without: z.array(relative) }));

/** The trees that the source named. @throws PROTOCOL_ERROR if one leads where no honest source would let it */
export function checkedTrees(trees: readonly FsTree[]): FsTree[] {
  const checked = treesSchema.safeParse(trees);
  if (checked.success) return checked.data;
  throw new PhaulError(
    'PROTOCOL_ERROR',
    'A tree that the source named is not a plain absolute path with plain paths below it.',
  );
}

/** Preflight on the target: places that have contents, other than what a container that moved away has left there. */
export async function takenPlaces(trees: readonly FsTree[]): Promise<Refusal[]> {
  return (await Promise.all(trees.map(taken))).flat();
}

async function taken({ target }: FsTree): Promise<Refusal[]> {
  const found = await lstat(target).catch(() => null);
  if (!found || (await wasLeft(target))) return [];
  const names = await readdir(target).catch(() => ['not a directory']);
  if (names.length === 0) return [];
  const message = `${target} on the target has contents already.`;
  const hint = 'Move it away, or let phaul overwrite it with --force.';
  return [{ code: 'PATH_TAKEN', message, hint, host: 'target' }];
}
