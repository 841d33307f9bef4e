import { basename } from 'node:path';
import type { FsTree } from '../../src/contracts/fs-driver.ts';
import { PhaulError } from '../../src/errors.ts';

/** Its id, which is the name of the directory that podman's storage has of it. @throws PROTOCOL_ERROR if the tree is no such directory */
export function imageOf({ target }: FsTree): string {
  const id = basename(target);
  if (/^[0-9a-f]{64}$/.test(id)) return id;
  throw new PhaulError('PROTOCOL_ERROR', 'A tree that is to be an image is none.');
}
