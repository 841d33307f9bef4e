import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeIrmapCacheEntry } from '../../criu-proto/messages.ts';
import type { Inode } from '../linux/find-inodes.ts';

/** A file of the container's, and a path in it that leads there. */
export interface NamedInode extends Inode {
  readonly path: string;
}

// criu/include/magic.h: IMG_SERVICE_MAGIC, IRMAP_CACHE_MAGIC
const magic = Buffer.alloc(8);
magic.writeUInt32LE(0x55105940, 0);
magic.writeUInt32LE(0x57004059, 4);

/**
 * Tells the CRIU that is to dump into `directory` names of files that something watches: as if a pre-dump had found them (criu/irmap.c, irmap_load_cache). It looks whether they still lead there.
 */
export async function writeIrmapCache(directory: string, files: readonly NamedInode[]): Promise<void> {
  if (files.length === 0) return;
  const entries = files.map(({ device, inode, path }) => {
    const [major = 0, minor = 0] = device.split(':').map(Number);
    // As the kernel has it inside (criu/include/util.h, MKKDEV); of the root CRIU opens what follows the first letter.
    const dev = ((major << 20) | minor) >>> 0;
    const entry = encodeIrmapCacheEntry({ dev, inode, path: path === '/' ? '/.' : path });
    const length = Buffer.alloc(4);
    length.writeUInt32LE(entry.length);
    return Buffer.concat([length, entry]);
  });
  await writeFile(join(directory, 'irmap-cache'), Buffer.concat([magic, ...entries]), { mode: 0o600 });
}
