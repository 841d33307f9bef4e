import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { DriverContext, OpenStream } from '../contracts/context.ts';
import type { FsDriver, FsTree, SourceFs, SyncRound, TargetFs } from '../contracts/fs-driver.ts';
import type { Scene } from './check.ts';
import { overTheWire } from './expect.ts';
import { contents, picture } from './picture.ts';

/** Where a driver works for which a directory of the machine's own file system will not do. */
export interface Ground {
  /** An empty directory for both hosts; who asks for it sees to its removal. By default on the machine's own file system. */
  readonly home?: (scene: Scene) => string;
  /** Makes the directory that is the source's tree. */
  readonly makeTree?: (path: string) => void;
  /** For trees that nobody can change. */
  readonly sealed?: Sealed;
}

/** Trees that never change, are called after what is in them, and are not for everybody to read: images in the storage of an engine, for instance. */
export interface Sealed {
  /** Makes one with these files. `source` and `target` are the hosts' directories: it is made below the one, and a copy would be below the other. */
  readonly make: (files: string, source: string, target: string) => Pick<FsTree, 'source' | 'target'>;
  /** All that a host has, as lines to compare: equal on both hosts if they have the same trees. */
  readonly picture: (host: string) => string[];
}

/** Both halves on one machine, joined by a socket. */
export interface FsStage {
  readonly home: string;
  readonly context: () => DriverContext;
  readonly tree: FsTree;
  readonly source: SourceFs;
  readonly target: TargetFs;
  readonly open: OpenStream;
  /** The tree, what is on the target, and what is on both. */
  readonly onSource: () => string[];
  readonly onTarget: () => string[];
  readonly onBoth: () => string[];
  /** Throws if the target's tree is another than the source's. */
  readonly arrived: () => void;
}

export const round: SyncRound = { final: false, mapped: [] };
export const finalRound: SyncRound = { final: true, mapped: [] };

/** Bytes in the largest file of the tree. */
export const largest = 300_000;

/** Names that are patterns, options or commands to somebody, or no text at all. */
export const oddNames = [
  '-rf',
  ' a b ',
  '*?[c]{d}',
  '#;$(id)`id`',
  `'"\\`,
  'ü\n\t',
  '.phaul',
  'x'.repeat(255),
];

/** @param name of the tree's directory, unless it is sealed */
export async function fsStage(
  scene: Scene,
  driver: FsDriver,
  { home: homeOf, makeTree = mkdirSync, sealed }: Ground = {},
  name = 'tree',
): Promise<FsStage> {
  const home = homeOf?.(scene) ?? scene.home;
  const [onSource, onTarget] = [join(home, 'source'), join(home, 'target')];
  for (const directory of [onSource, onTarget]) mkdirSync(directory);
  const tree = sealed
    ? { ...sealedTree(sealed, home, onSource, onTarget), without: [] }
    : openTree(driver, onSource, onTarget, makeTree, name);
  const look = sealed?.picture ?? picture;
  const stage = await meet(scene, driver, tree);
  return {
    home,
    ...stage,
    onSource: () => (sealed ? look(onSource) : look(tree.source)),
    onTarget: () => look(onTarget),
    onBoth: () => [...look(onSource), ...look(onTarget)],
    arrived: () => {
      if (sealed) assert.deepEqual(look(onTarget), look(onSource));
      else assert.deepEqual(contents(tree.target), contents(tree.source));
    },
  };
}

/** Both halves for one migration of the tree. */
export async function meet(
  scene: Scene,
  driver: FsDriver,
  tree: FsTree,
): Promise<Pick<FsStage, 'context' | 'tree' | 'target' | 'source' | 'open'>> {
  const { context } = scene;
  const target = driver.target(overTheWire([tree]), context());
  const { open, close } = await channelTo(target, join(scene.home, `fs-${++meetings}.socket`));
  scene.after(close);
  return { context, tree, target, source: driver.source([tree], context()), open };
}

let meetings = 0;

function openTree(
  driver: FsDriver,
  onSource: string,
  onTarget: string,
  make: (path: string) => void,
  name: string,
): FsTree {
  const source = join(onSource, 'deep', name);
  mkdirSync(dirname(source));
  make(source);
  fill(source);
  return { source, target: driver.capabilities.copies ? join(onTarget, 'deep', name) : source, without: [] };
}

/** Nobody can rename it, nor what is in it: so it has the odd names from the beginning. */
function sealedTree(
  sealed: Sealed,
  home: string,
  onSource: string,
  onTarget: string,
): ReturnType<Sealed['make']> {
  const files = join(home, 'files');
  mkdirSync(files);
  fill(files);
  for (const odd of oddNames) writeFileSync(join(files, odd), odd);
  return sealed.make(files, onSource, onTarget);
}

function fill(directory: string): void {
  mkdirSync(join(directory, 'sub'));
  writeFileSync(join(directory, 'file'), 'contents');
  writeFileSync(join(directory, 'sub/large'), Buffer.alloc(largest, 'x'));
  writeFileSync(join(directory, 'sub/empty'), '');
  symlinkSync('../file', join(directory, 'sub/link'));
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
