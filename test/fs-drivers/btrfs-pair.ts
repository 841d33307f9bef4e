import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { btrfs } from '../../fs-drivers/btrfs/btrfs.ts';
import type { DriverContext, OpenStream } from '../../src/contracts/context.ts';
import type { FsTree, SourceFs, SyncRound, TargetFs } from '../../src/contracts/fs-driver.ts';
import { driverContext } from '../../src/driver-context.ts';
import type { HostRole } from '../../src/errors.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { When } from '../../src/journal/story.ts';
import { run } from '../../src/run.ts';
import { btrfsDirectory, makeSubvolume } from './btrfs-disk.ts';

/** The two halves of the btrfs driver, joined by a Unix socket as sshd would join them. */
export interface Pair {
  readonly tree: FsTree;
  readonly source: SourceFs;
  readonly target: TargetFs;
  readonly open: OpenStream;
  readonly abort: () => void;
  readonly round: (round?: Partial<SyncRound>) => ReturnType<SourceFs['sync']>;
  /** Does what the next phaul does on that host if this one is killed. */
  readonly executeWill: (side: HostRole, when?: When) => Promise<void>;
  /** What lies in the directories around the trees. */
  readonly around: () => { source: string[]; target: string[] };
}

interface PairOptions {
  /** Where the source is, and where the target: directories on btrfs. */
  readonly on?: readonly [source: string, target: string];
}

/** With an empty subvolume as the source's tree. */
export async function btrfsPair(t: ExecutionContext, { on }: PairOptions = {}): Promise<Pair> {
  const disk = on ?? twoHosts(btrfsDirectory());
  const tree = { source: join(disk[0], 'tree'), target: join(disk[1], 'tree'), without: [] };
  if (!existsSync(tree.source)) makeSubvolume(tree.source);
  const home = mkdtempSync('/tmp/phaul-btrfs-run-');
  const aborter = new AbortController();
  const wills: { side: HostRole; when: When; command: string; args: readonly string[] }[] = [];
  const context = (side: HostRole): DriverContext => {
    mkdirSync(join(home, side, 'scratch'), { recursive: true });
    const will: Journal['will'] = (when, command, args) => {
      wills.push({ side, when, command, args });
      return () => undefined;
    };
    const journal = { will } as Journal;
    return driverContext(
      join(home, side, 'scratch'),
      aborter.signal,
      () => undefined,
      () => journal,
    );
  };
  const source = btrfs.source([tree], context('source'));
  const target = btrfs.target([tree], context('target'));
  const path = join(home, 'fs.sock');
  const server = createServer({ pauseOnConnect: true }, (stream) => {
    stream.on('error', () => undefined);
    target.serve(stream).catch(() => undefined);
  }).listen(path);
  await once(server, 'listening');
  t.teardown(async () => {
    aborter.abort();
    await source.abort?.();
    await target.abort();
    server.close();
    rmSync(home, { recursive: true });
  });
  const open: OpenStream = async () => {
    const stream = connect(path).pause();
    await once(stream, 'connect');
    stream.on('error', () => undefined);
    return stream;
  };
  return {
    tree,
    source,
    target,
    open,
    abort: () => aborter.abort(),
    round: (round) => source.sync(open, { final: false, mapped: [], ...round }),
    executeWill: async (side, when = 'undone') => {
      const due = wills.filter((will) => will.side === side && will.when === when);
      for (const { command, args } of due.reverse()) await run(command, args);
    },
    around: () => ({ source: readdirSync(disk[0]).sort(), target: readdirSync(disk[1]).sort() }),
  };
}

/** Directories on one disk that stand for two hosts. */
export function twoHosts(disk: string): [source: string, target: string] {
  const hosts: [string, string] = [join(disk, 'source'), join(disk, 'target')];
  for (const host of hosts) mkdirSync(host);
  return hosts;
}
