import { usableHTypes } from '../../contracts/registry.ts';

/** The containers of this host, as far as its htypes can list them. */
export async function containerNames(): Promise<string[]> {
  const { htypes } = await usableHTypes();
  // One that fails keeps no other from being heard.
  const lists = await Promise.all(htypes.map(async ({ list }) => list?.().catch(() => []) ?? []));
  return [...new Set(lists.flat())].sort();
}
