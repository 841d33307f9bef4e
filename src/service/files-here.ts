import { stat } from 'node:fs/promises';
import type { Refusal } from '../errors.ts';
import { few } from '../few.ts';

/** A file that the container uses and that does not move with it. */
export interface Needed {
  readonly path: string;
  /** Bytes; null: it matters only that it is there. */
  readonly size: number | null;
  readonly user: string;
}

/** Those that are not here as they have to be. Changes nothing. */
export async function filesMissing(needed: readonly Needed[]): Promise<Refusal[]> {
  const found = await Promise.all(needed.map(async (file) => judge(file, await sizeOf(file.path))));
  return few(found.flat());
}

function judge({ path, size, user }: Needed, here: number | null): Refusal[] {
  if (here === null) {
    const message = `${user} uses ${path}, which does not exist on the target.`;
    return [
      { code: 'PATH_MISSING', message, hint: 'Let it move along, or create it there.', host: 'target' },
    ];
  }
  if (size === null || size === here) return [];
  const message = `${user} uses ${path}, which is another file on the target: it has ${here} bytes there, and ${size} here.`;
  const hint = 'Install the same release of it on both hosts, or let it move along.';
  return [{ code: 'FILE_DIFFERS', message, hint, host: 'target' }];
}

function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (found) => (found.isFile() ? found.size : null),
    () => null,
  );
}
