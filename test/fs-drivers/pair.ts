import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { driverContext } from '../../src/driver-context.ts';
import type { OpenStream } from '../../src/contracts/context.ts';
import type { FsTree, SourceFs, SyncRound, TargetFs } from '../../src/contracts/fs-driver.ts';
import type { TrackChanges } from '../../fs-drivers/rsync/changes.ts';
import { rsync } from '../../fs-drivers/rsync/rsync.ts';
import { rsyncSource } from '../../fs-drivers/rsync/source.ts';

/** The two halves of the rsync driver, joined by a Unix socket as sshd would join them. */
export interface Pair {
  readonly home: string;
  readonly tree: FsTree;
  readonly source: SourceFs;
  readonly target: TargetFs;
  readonly open: OpenStream;
  readonly log: string[];
  readonly abort: () => void;
  readonly round: (round?: Partial<SyncRound>) => ReturnType<SourceFs['sync']>;
  readonly remove: () => Promise<void>;
}

/** @param paths where the tree is, if not in a new directory, and what it is without */
export async function rsyncPair(paths: Partial<FsTree> = {}, track?: TrackChanges): Promise<Pair> {
  const home = await mkdtemp('/tmp/phaul-rsync-');
  const tree = {
    source: join(home, 'source/tree'),
    target: join(home, 'target/tree'),
    without: [],
    ...paths,
  };
  const log: string[] = [];
  const aborter = new AbortController();
  const say = (level: string, text: string): unknown => log.push(`${level}: ${text}`);
  const context = async (side: string) => {
    await mkdir(join(home, 'run', side), { recursive: true });
    return driverContext(join(home, 'run', side), aborter.signal, say);
  };
  await mkdir(join(home, 'source'), { recursive: true });
  const source = rsyncSource([tree], await context('source'), track);
  const target = rsync.target([tree], await context('target'));
  const path = join(home, 'fs.sock');
  const server = createServer({ pauseOnConnect: true }, (stream) => {
    stream.on('error', () => undefined);
    target.serve(stream).catch((error: unknown) => log.push(`serve: ${String(error)}`));
  }).listen(path);
  await once(server, 'listening');
  const open: OpenStream = async () => {
    const stream = connect(path).pause();
    await once(stream, 'connect');
    return stream;
  };
  return {
    home,
    tree,
    source,
    target,
    open,
    log,
    abort: () => aborter.abort(),
    round: (round) => source.sync(open, { final: false, mapped: [], ...round }),
    remove: async () => {
      aborter.abort();
      server.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
