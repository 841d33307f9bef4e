import { stat } from 'node:fs/promises';
import type { FsDemand, FsTree } from '../../src/contracts/fs-driver.ts';
import { scan } from './scan.ts';

const patienceMs = 10_000;
// Of smaller ones a file system may keep the contents without a block.
const ownBlock = 4096;

/**
 * How much room a tree takes where rsync writes it; null if looking takes too long. Holes are only made in files that have some, and there wherever zeros are:
 * of these files nothing is certain.
 */
export async function demandOf(tree: FsTree, signal: AbortSignal): Promise<FsDemand | null> {
  const found = await stat(tree.source);
  if (!found.isDirectory()) {
    const about = found.blocks * 512;
    return { least: about < found.size || found.size < ownBlock ? 0 : found.size, about, inodes: 1 };
  }
  const sum = { least: 0, about: 0, inodes: 0 };
  const linked = new Set<string>();
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  try {
    await scan(
      tree,
      ['.'],
      null,
      null,
      ({ id, links, directory, sparse, size, room }) => {
        if (links > 1 && !directory) {
          if (linked.has(id)) return;
          linked.add(id);
        }
        sum.inodes++;
        sum.about += room;
        if (!directory && !sparse && size >= ownBlock) sum.least += size;
      },
      inTime,
    );
  } catch (error) {
    if (inTime.aborted) return null;
    throw error;
  }
  return sum;
}
