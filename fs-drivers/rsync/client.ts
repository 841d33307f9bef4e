import { type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { SyncRound } from '../../src/contracts/fs-driver.ts';
import { PhaulError } from '../../src/errors.ts';
import { anchored } from './filters.ts';
import { failureOf } from './failure.ts';
import { outputReader, rsyncTime, type RsyncOutput } from './output.ts';
import { killGroup, startOn } from '../common/process.ts';
import { watchForPipe } from './stuck.ts';

/** An rsync that has shaken hands with the daemon and waits to be told what to copy. */
export interface Client {
  readonly alive: () => boolean;
  /** Copies `names` (Latin-1, relative to the tree) as its pass says. Once only. */
  readonly copy: (names: readonly string[], round: Pick<SyncRound, 'final' | 'moved'>) => Promise<Copied>;
  /** It is not needed after all. */
  readonly end: () => void;
}

export interface Copied extends RsyncOutput {
  /** What did not arrive has changed since the copy began. */
  readonly complete: boolean;
  /** It was ended, because a file that it was to read had become a named pipe: to be run again. */
  readonly stuck: boolean;
}

/** What one run of rsync is for. */
export type Pass = keyof typeof passes;

// rsync reads the list of what to copy from its standard input, so the stream, which arrives there because Node makes
// only descriptors 0 to 2 blocking, changes places with the pipe on 3. Then rsync's remote shell finds it on 3.
const swap = 'exec rsync "$@" 4<&0 0<&3 3<&4 4<&-';
// Both copiers in the background: rsync waits for its remote shell to exit by looking every 20 ms.
const shell = 'sh -c "exec 4<&0 2>/dev/null; cat <&3 & cat <&4 >&3 &"';

// prettier-ignore
const common = [
  '-e', shell, '--archive', '--hard-links', '--acls', '--xattrs', '--numeric-ids',
  '--from0', '--files-from=-',
  // Times in whole seconds, the default, would miss a file that changes twice within one.
  '--modify-window=-1', '--stats', '--no-human-readable', '--out-format=%i %M %n', '--info=progress2',
] as const;

// What is listed and gone by now is the next round's business, as what goes while it is copied is.
const listed = ['--ignore-missing-args'] as const;

const passes = {
  /** Everything, by size and time. */
  all: ['--recursive', '--delete'],
  /** The names given, and what is directly in those that end with a slash, by size and time. */
  some: [...listed, '--dirs', '--delete'],
  /** A tree that is a single file. The target may have made an empty directory, not knowing that. */
  file: [...listed, '--force'],
  /** Files that have holes: only these, because in others rsync would make some wherever zeros are. */
  sparse: [...listed, '--sparse', '--force'],
  sparseAnew: [...listed, '--sparse', '--force', '--ignore-times'],
  /** Files that are replaced by new ones, be they equal. */
  anew: [...listed, '--force', '--ignore-times'],
  /**
   * By comparing what is in them.
   *
   * --inplace only where a file of the same length is there already: in general it would write through hard links that exist only
   * on the target. Here it keeps those that a new file would cut, and spares the copy of a large file of which a page has changed.
   */
  contents: [...listed, '--ignore-times', '--inplace', '--relative', '--no-implied-dirs'],
} as const;

/** Starts rsync for the directory `from` (with its final slash) towards a module of the daemon at the other end of `stream`. */
export async function startClient(
  stream: Socket,
  from: string,
  module: string,
  options: {
    readonly pass: Pass;
    /** What in the directory is left out on both sides. */
    readonly without: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<Client> {
  const { pass, without, signal } = options;
  const args = [
    ...common,
    ...passes[pass],
    ...without.map((name) => `--exclude=${anchored(name)}`),
    '--',
    from,
    `phaul::${module}/`,
  ];
  const stdio = [stream, 'pipe', 'pipe', 'pipe'] as const;
  const child = await startOn(stream, '/bin/sh', ['-c', swap, 'sh', ...args], [...stdio], signal).finally(
    () => stream.destroy(),
  );
  const [, stdout, stderr, list] = child.stdio as unknown as Socket[];
  if (!stdout || !stderr || !list) throw new PhaulError('INTERNAL', 'rsync has no pipes.');
  // It may die before it has read the list; how it ended says why.
  list.on('error', () => undefined);
  // Keeps no process of phaul's alive while it only waits.
  for (const handle of [stdout, stderr, list, child]) handle.unref();
  let moved: SyncRound['moved'];
  const reader = outputReader((bytes) => moved?.(bytes));
  let complaints = '';
  stdout.on('data', reader.push);
  stderr.on('data', (chunk: Buffer) => (complaints = (complaints + chunk.toString()).slice(0, 65_536)));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    alive: () => child.exitCode === null && child.signalCode === null,
    copy: async (names, { final, ...round }) => {
      ({ moved } = round);
      for (const handle of [stdout, stderr, child]) handle.ref();
      reader.since(rsyncTime(new Date(Date.now() - 1000)));
      list.end(Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1'));
      let stuck = false;
      const unwatch = watchForPipe(child, () => {
        stuck = true;
        stop(child);
      });
      const code = await closed.finally(unwatch);
      if (signal.aborted) throw new PhaulError('CANCELLED', 'rsync was stopped.');
      if (stuck) return { ...reader.end(), complete: false, stuck };
      if (code !== 0) killGroup(child, 'SIGKILL');
      const failure = failureOf(code, complaints, final);
      if (failure) throw failure;
      // 24: something had gone when its turn came. After other complaints rsync deletes nothing.
      return { ...reader.end(), complete: code === 0 || code === 24, stuck };
    },
    end: () => stop(child),
  };
}

function stop(child: ChildProcess): void {
  killGroup(child, 'SIGKILL');
}
