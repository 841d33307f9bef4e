import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { DriverContext, OpenStream } from '../contracts/context.ts';
import type { FsDriver, FsTree, SourceFs, SyncRound, TargetFs } from '../contracts/fs-driver.ts';
import type { Scene } from './check.ts';
import { overTheWire } from './expect.ts';
import { picture } from './picture.ts';

/** Where a driver works that needs a file system of its own. */
export interface Ground {
  /** An empty directory for both hosts; who asks for it sees to its removal. By default on the machine's own file system. */
  readonly home: (scene: Scene) => string;
  /** Makes the directory that is the source's tree. */
  readonly makeTree: (path: string) => void;
}

/** Both halves on one machine, joined by a socket. */
export interface FsStage {
  readonly home: string;
  readonly context: () => DriverContext;
  readonly tree: FsTree;
  readonly source: SourceFs;
  readonly target: TargetFs;
  readonly open: OpenStream;
  /** What is on the target, and what is on both. */
  readonly onTarget: () => string[];
  readonly onBoth: () => string[];
}

export const round: SyncRound = { final: false, mapped: [] };
export const finalRound: SyncRound = { final: true, mapped: [] };

/** Bytes in the largest file of the tree. */
export const largest = 300_000;

/** @param name of the tree's directory */
export async function fsStage(
  scene: Scene,
  driver: FsDriver,
  ground: Ground | undefined,
  name = 'tree',
): Promise<FsStage> {
  const home = ground?.home(scene) ?? scene.home;
  const tree = makeTree(driver, home, ground?.makeTree ?? mkdirSync, name);
  const target = driver.target(overTheWire([tree]), scene.context());
  const { open, close } = await channelTo(target, join(scene.home, 'fs.socket'));
  scene.after(close);
  return {
    home,
    context: scene.context,
    tree,
    target,
    source: driver.source([tree], scene.context()),
    open,
    onTarget: () => picture(join(home, 'target')),
    onBoth: () => [...picture(join(home, 'source')), ...picture(join(home, 'target'))],
  };
}

function makeTree(driver: FsDriver, home: string, make: Ground['makeTree'], name: string): FsTree {
  const source = join(home, 'source/deep', name);
  const target = driver.capabilities.copies ? join(home, 'target/deep', name) : source;
  mkdirSync(dirname(source), { recursive: true });
  make(source);
  mkdirSync(join(source, 'sub'));
  mkdirSync(join(home, 'target'));
  writeFileSync(join(source, 'file'), 'contents');
  writeFileSync(join(source, 'sub/large'), Buffer.alloc(largest, 'x'));
  writeFileSync(join(source, 'sub/empty'), '');
  symlinkSync('../file', join(source, 'sub/link'));
  return { source, target, without: [] };
}

/** As the fs channel: each stream goes to the target's half, and is closed if that fails. */
async function channelTo(
  target: TargetFs,
  path: string,
): Promise<{ open: OpenStream; close: () => unknown }> {
  const quiet = (stream: Socket): Socket => stream.on('error', () => undefined);
  const server = createServer({ pauseOnConnect: true }, (stream) => {
    target.serve(quiet(stream)).catch(() => stream.destroy());
  }).listen(path);
  await once(server, 'listening');
  return {
    close: () => server.close(),
    open: async () => {
      const stream = connect(path).pause();
      await once(stream, 'connect');
      return quiet(stream);
    },
  };
}
