import { closeSync, openSync, writeFileSync } from 'node:fs';
import { PhaulError } from '../errors.ts';

/**
 * Makes a file that only root reads, under a name that the other host had a part in.
 * @throws PROTOCOL_ERROR if there is one of that name, DISK_FULL
 */
export function newFile(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw noRoom(cause);
    throw new PhaulError('PROTOCOL_ERROR', 'The source sent two images of the same name.', { cause });
  }
}

/** As newFile(), with all that it is to hold. */
export function writeNewFile(path: string, contents: Uint8Array): void {
  const file = newFile(path);
  try {
    writeFileSync(file, contents);
  } catch (error) {
    throw noRoom(error);
  } finally {
    closeSync(file);
  }
}

const full: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** DISK_FULL if a failure to write means that, else the failure as it is. */
export function noRoom(cause: unknown): unknown {
  if (!full.includes((cause as NodeJS.ErrnoException).code)) return cause;
  return new PhaulError('DISK_FULL', 'There is no room for the images on the target.', { cause });
}
