import type { DriverContext } from '../contracts/context.ts';
import type { FsDriver, FsTree, Sight } from '../contracts/fs-driver.ts';
import { allFsDrivers } from '../contracts/registry.ts';
import type { Params } from '../rpc/methods.ts';
import type { Link } from './link.ts';

/** Trees that one fs driver is to move, and why that one. */
export interface Share {
  readonly driver: string;
  readonly trees: readonly FsTree[];
  readonly reason: string;
}

/**
 * Chooses a driver for each tree: the first in the registry's order that suits it on both hosts, and the one that looks at nothing if none does.
 * @param wanted --fs: the one for all of them
 */
export async function chooseFs(
  trees: readonly FsTree[],
  wanted: string | undefined,
  link: Link,
  ctx: DriverContext,
): Promise<Share[]> {
  const given = trees.flatMap((tree) => (tree.by === undefined ? [] : [{ ...tree, by: tree.by }]));
  const owned = [...new Set(given.map(({ by }) => by))].map((driver) => ({
    driver,
    trees: given.filter(({ by }) => by === driver),
    reason: 'nothing else can move it',
  }));
  const free = trees.filter(({ by }) => by === undefined);
  return [...owned, ...(await chooseForFree(free, wanted, link, ctx))];
}

async function chooseForFree(
  trees: readonly FsTree[],
  wanted: string | undefined,
  link: Link,
  ctx: DriverContext,
): Promise<Share[]> {
  if (trees.length === 0) return [];
  if (wanted !== undefined) return [{ driver: wanted, trees, reason: 'asked for with --fs' }];
  const choices = await survey(trees, link, ctx);
  const names = [...new Set(choices.map(({ driver }) => driver))];
  return names.map((driver) => {
    const chosen = choices.filter((choice) => choice.driver === driver);
    const [first] = chosen;
    return { driver, trees: chosen.map(({ tree }) => tree), reason: first?.reason ?? '' };
  });
}

/** The one that takes everything. */
export const fallback = async (): Promise<FsDriver> => takesEverything(await allFsDrivers());
const takesEverything = (among: readonly FsDriver[]): FsDriver =>
  among.find(({ look }) => look === undefined)!;

type Candidate = { readonly tree: FsTree; readonly driver: string; readonly sight: Sight };

async function survey(
  trees: readonly FsTree[],
  link: Link,
  ctx: DriverContext,
): Promise<{ tree: FsTree; driver: string; reason: string }[]> {
  const candidates: Candidate[] = [];
  const fsDrivers = await allFsDrivers();
  try {
    for (const tree of trees)
      for (const { name: driver, look } of fsDrivers) {
        const sight = await look?.(tree, ctx);
        if (sight) candidates.push({ tree, driver, sight });
      }
    const asked = candidates.map(({ tree, driver, sight: { seen } }) => ({ tree, driver, seen }));
    const { reasons } = await link.call('survey', { candidates: asked } as Params<'survey'>);
    return trees.map((tree) => {
      const index = candidates.findIndex((each, at) => each.tree === tree && (reasons[at] ?? null) !== null);
      const found = candidates[index];
      if (found) return { tree, driver: found.driver, reason: reasons[index] ?? '' };
      return { tree, driver: takesEverything(fsDrivers).name, reason: 'nothing quicker suits both hosts' };
    });
  } finally {
    for (const { sight } of candidates) await sight.close?.();
  }
}
