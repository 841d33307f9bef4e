import type { DriverContext } from '../contracts/context.ts';
import type { SourceFs, SyncResult, SyncRound } from '../contracts/fs-driver.ts';
import { fsDriverNamed } from '../contracts/registry.ts';
import type { Refusal } from '../errors.ts';
import type { Transport } from '../transport/transport.ts';
import type { Share } from './choose-fs.ts';

/** All files of the container, whichever drivers move them. */
export interface Files {
  readonly shares: readonly Share[];
  readonly refusals: () => Promise<Refusal[]>;
  readonly sync: (round: SyncRound) => Promise<SyncResult>;
  readonly release: SourceFs['release'];
  readonly abort: () => Promise<void>;
}

/** @throws DRIVER_UNKNOWN */
export async function filesOf(
  shares: readonly Share[],
  openFs: Transport['openFs'],
  ctx: DriverContext,
): Promise<Files> {
  const parts = await Promise.all(
    shares.map(async ({ driver, trees }) => (await fsDriverNamed(driver)).source(trees, ctx)),
  );
  return {
    shares,
    refusals: async () => (await Promise.all(parts.map((part) => part.refusals()))).flat(),
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
