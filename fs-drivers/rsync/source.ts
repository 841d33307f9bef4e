import { lstat, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { DriverContext, OpenStream } from '../../src/contracts/context.ts';
import type { FsTree, SourceFs, SyncResult, SyncRound } from '../../src/contracts/fs-driver.ts';
import type { Refusal } from '../../src/errors.ts';
import { type Client, type Comparison, startClient } from './client.ts';
import { anchored } from './filters.ts';
import { markLeft } from './left-mark.ts';
import { rsyncRefusals } from './version.ts';

/** The half that sends. */
export function rsyncSource(trees: readonly FsTree[], ctx: DriverContext): SourceFs {
  const senders = trees.map((tree, index) => treeSender(tree, index, ctx));
  return {
    refusals: async () => [
      ...(await rsyncRefusals(ctx, 'source')),
      ...(await Promise.all(trees.map(renamed))).flat(),
    ],
    sync: async (open, round) => {
      const results = await Promise.allSettled(senders.map((sender) => sender.sync(open, round)));
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
      for (const { source } of trees) await markLeft(source, moved);
    },
  };
}

interface Sender {
  readonly sync: (open: OpenStream, round: SyncRound) => Promise<SyncResult>;
}

/**
 * One tree. After each round two clients are started for the next one, connected and waiting, so that the final round begins
 * with reading the tree: of the 12 ms that an unchanged tree takes otherwise, 4 are left.
 */
function treeSender(tree: FsTree, index: number, ctx: DriverContext): Sender {
  // Files whose time does not tell whether their contents have changed, as Latin-1 names relative to the tree.
  //
  // Mapped: a store changes the time only if its page was clean. Flushing before a round does not help: the first store after the flush
  // sets the time, rsync copies, the second store goes unnoticed. tmpfs never sets it. They stay suspect for good, because a mapping
  // that is gone at the end may have been written through before.
  const mapped = new Set<string>();
  // Young: changed about when they were copied, maybe once more within the same tick of the clock. Settled by the next comparison.
  let young: readonly string[] = [];
  const waiting: Partial<Record<Comparison, Promise<Client | null>>> = {};

  async function client(open: OpenStream, comparison: Comparison): Promise<Client> {
    const warm = await waiting[comparison];
    delete waiting[comparison];
    return warm?.alive() ? warm : start(open, comparison);
  }

  async function start(open: OpenStream, comparison: Comparison): Promise<Client> {
    const isDirectory = (await stat(tree.source)).isDirectory();
    const from = isDirectory ? slashed(tree.source) : slashed(dirname(tree.source));
    const module = isDirectory ? `tree${index}` : `file${index}`;
    // --force: the target made an empty directory, not knowing that this is a file.
    const without = tree.without.map((name) => `--exclude=${anchored(name)}`);
    const extra = isDirectory ? ['--delete', ...without] : ['--force'];
    return startClient(await open(), from, module, { comparison, extra, signal: ctx.signal });
  }

  function warmUp(open: OpenStream): void {
    for (const comparison of ['names', 'contents'] as const)
      waiting[comparison] = start(open, comparison).catch(() => null);
  }

  return {
    sync: async (open, { final, mapped: paths }) => {
      for (const path of paths) for (const name of relative(tree.source, path)) mapped.add(name);
      const whole = await stat(tree.source).then((found) => found.isDirectory());
      const first = await (
        await client(open, 'names')
      ).copy([whole ? '.' : latin1(basename(tree.source))], final);
      const suspects = await existing(tree.source, whole, new Set([...mapped, ...young]));
      let second = { bytes: 0, changed: 0, files: 0, young: [] as readonly string[] };
      if (suspects.length > 0) second = await (await client(open, 'contents')).copy(suspects, final);
      young = [...first.young, ...second.young];
      if (final) await waiting.contents?.then((unused) => unused?.end());
      else warmUp(open);
      return {
        bytes: first.bytes + second.bytes,
        changed: first.changed + second.changed,
        files: first.files + second.files,
      };
    },
  };
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
const slashed = (path: string): string => (path.endsWith('/') ? path : `${path}/`);

function relative(tree: string, path: string): string[] {
  if (path === tree) return [latin1(basename(path))];
  return path.startsWith(slashed(tree)) ? [latin1(path.slice(slashed(tree).length))] : [];
}

/** Without those that are gone by now (rsync would fail) or are no files any more. */
async function existing(tree: string, whole: boolean, names: ReadonlySet<string>): Promise<string[]> {
  const base = Buffer.from(slashed(whole ? tree : dirname(tree)));
  const found = await Promise.all(
    [...names].map(async (name) => {
      const path = Buffer.concat([base, Buffer.from(name, 'latin1')]);
      return lstat(path).then(
        (entry) => (entry.isFile() ? [name] : []),
        () => [],
      );
    }),
  );
  return found.flat();
}

async function renamed({ source, target }: FsTree): Promise<Refusal[]> {
  if (basename(source) === basename(target) || (await stat(source)).isDirectory()) return [];
  const message = `${source} is a file, and the rsync driver cannot give it another name (${target}).`;
  return [{ code: 'CONTAINER_UNSUPPORTED', message, hint: 'Keep its name.', host: 'source' }];
}
