import { lstat, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codes } from '../error-codes.ts';
import type { Refusal } from '../errors.ts';
import { sized } from '../observe/amounts.ts';
import type { Params } from '../rpc/methods.ts';
import { attempt } from '../run.ts';

type Demand = NonNullable<NonNullable<Params<'check'>['more']>['room']>[number];

// File systems that keep a file as it is, neither compressed nor shared (linux/magic.h): ext2 to ext4, XFS, tmpfs.
const plain: readonly number[] = [0xef53, 0x58465342, 0x01021994];
// Where inodes are made when the file system is.
const fixedInodes: readonly number[] = [0xef53, 0x01021994];

/** Whether the container's files fit on the file systems under their places: what certainly does not is refused, of what likely does not the user is warned. */
export async function diskSpace(
  demands: readonly Demand[],
): Promise<{ refusals: Refusal[]; warnings: string[] }> {
  const places = await Promise.all(
    demands.map(async (demand) => ({ demand, place: await placeOf(demand.path) })),
  );
  const refusals: Refusal[] = [];
  const warnings: string[] = [];
  for (const device of new Set(places.map(({ place }) => place.device))) {
    const here = places.filter(({ place }) => place.device === device);
    const found = await judged(
      here.map(({ demand }) => demand),
      here[0]!.place.existing,
    );
    if (!found) continue;
    if (found.certain)
      refusals.push({
        code: 'NO_DISK_SPACE',
        message: found.words,
        hint: codes.NO_DISK_SPACE.hint,
        host: 'target',
      });
    else warnings.push(`The files may not fit: ${found.words}`);
  }
  return { refusals, warnings };
}

async function judged(
  demands: readonly Demand[],
  existing: string,
): Promise<{ certain: boolean; words: string } | null> {
  const { type, bsize, blocks, bfree, bavail, files, ffree } = await statfs(existing);
  // A tmpfs without a limit.
  if (blocks === 0) return null;
  const sum = (of: (demand: Demand) => number): number => demands.reduce((all, each) => all + of(each), 0);
  const tight =
    sum(({ about }) => about) > bavail * bsize || (files > 0 && sum(({ inodes }) => inodes) > ffree);
  // Counting takes time, and hardly ever matters.
  const there = tight ? await Promise.all(demands.map(thereAlready)) : [];
  const bytesThere = there.reduce((all, { bytes }) => all + bytes, 0);
  const inodesThere = there.reduce((all, { inodes }) => all + inodes, 0);
  const where = `${demands.map(({ path }) => path).join(', ')} on the target`;

  const words = (need: number): string =>
    `${where} will take ${sized(need)} more, and ${sized(bavail * bsize)} are free there.`;
  const about = sum((each) => each.about) - bytesThere;
  const least = sum((each) => each.least) - bytesThere;
  // The rest of what is free is for root, who writes the files.
  if (plain.includes(type) && least > bfree * bsize) return { certain: true, words: words(least) };
  const inodes = sum((each) => each.inodes) - inodesThere;
  if (files > 0 && inodes > ffree) {
    const text = `${where} will take ${inodes} inodes more, and ${ffree} are free there.`;
    return { certain: fixedInodes.includes(type), words: text };
  }
  return about > bavail * bsize ? { certain: false, words: words(about) } : null;
}

/** What is at the place of a tree and need not be written again. */
async function thereAlready({ path, reuses }: Demand): Promise<{ bytes: number; inodes: number }> {
  if (!reuses || !(await lstat(path).catch(() => null))) return { bytes: 0, inodes: 0 };
  const count = async (unit: string): Promise<number> => {
    const { stdout } = await attempt('du', ['--summarize', '--one-file-system', unit, '--', path]);
    return Number.parseInt(stdout, 10) || 0;
  };
  return { bytes: await count('--block-size=1'), inodes: await count('--inodes') };
}

/** The first directory upwards that exists, and its file system. */
async function placeOf(path: string): Promise<{ existing: string; device: number }> {
  const found = await stat(path).catch(() => null);
  if (found) return { existing: path, device: found.dev };
  return placeOf(dirname(path));
}
