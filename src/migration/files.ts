import type { DriverContext } from '../contracts/context.ts';
import type { FsDemand, SourceFs, SyncResult, SyncRound } from '../contracts/fs-driver.ts';
import { fsDriverNamed } from '../contracts/registry.ts';
import type { Refusal } from '../errors.ts';
import type { Transport } from '../transport/transport.ts';
import type { Share } from './choose-fs.ts';

/** All files of the container, whichever drivers move them. */
export interface Files {
  readonly shares: readonly Share[];
  readonly refusals: () => Promise<Refusal[]>;
  /** How much room each tree that is copied will take on the target; null: its driver cannot tell. */
  readonly demands: () => Promise<(Demand | null)[]>;
  readonly sync: (round: SyncRound) => Promise<SyncResult>;
  readonly release: SourceFs['release'];
  readonly abort: () => Promise<void>;
}

/** How much room a tree will take at its place on the target. */
export interface Demand extends FsDemand {
  readonly path: string;
  /** What is there already need not be written again. */
  readonly reuses: boolean;
}

/** @throws DRIVER_UNKNOWN */
export async function filesOf(
  shares: readonly Share[],
  openFs: Transport['openFs'],
  ctx: DriverContext,
): Promise<Files> {
  const drivers = await Promise.all(shares.map(({ driver }) => fsDriverNamed(driver)));
  const parts = drivers.map((driver, index) => driver.source(shares[index]?.trees ?? [], ctx));
  const demandsOf = async (index: number): Promise<(Demand | null)[]> => {
    const { copies, replaces } = drivers[index]!.capabilities;
    if (!copies) return [];
    const found = await parts[index]!.demands?.().catch(() => undefined);
    return shares[index]!.trees.map(({ target }, tree) => {
      const demand = found?.[tree] ?? null;
      return demand && { ...demand, path: target, reuses: !replaces };
    });
  };
  return {
    shares,
    refusals: async () => (await Promise.all(parts.map((part) => part.refusals()))).flat(),
    demands: async () => (await Promise.all(shares.map((_, index) => demandsOf(index)))).flat(),
    sync: async (round) => {
      // All are waited for, whatever becomes of one: nobody may still be copying when the migration is undone.
      const results = await Promise.allSettled(
        parts.map((part, index) => part.sync(() => openFs(index), round)),
      );
      const total = { bytes: 0, changed: 0, files: 0 };
      for (const result of results) {
        if (result.status === 'rejected') throw result.reason;
        total.bytes += result.value.bytes;
        total.changed += result.value.changed;
        total.files += result.value.files;
      }
      return total;
    },
    release: async (moved) => {
      for (const part of parts) await part.release(moved);
    },
    abort: async () => {
      for (const part of parts) await part.abort?.();
    },
  };
}
