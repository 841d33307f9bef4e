import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { duplexPair } from 'node:stream';
import type { ExecutionContext } from 'ava';
import { type PageReceiver, receivePages } from '../../src/pages/receive.ts';
import { type PageStore, pageStore } from '../../src/pages/store.ts';
import { loadZstd } from '../../src/pages/zstd.ts';
import { settle } from '../rpc/ends.ts';

/** The target's end of a stream of pages, the source of which the test plays. */
export interface FarEnd {
  readonly directory: string;
  readonly store: PageStore;
  readonly receiver: PageReceiver;
  readonly say: (...frames: readonly Buffer[]) => void;
  /** No more bytes from the source, which still listens. */
  readonly finish: () => void;
  /** What the target has replied so far. */
  readonly replies: () => Promise<Record<string, unknown>[]>;
}

/** A directory in memory, as the target has it. @param options of the tmpfs */
export function tmpfs(t: ExecutionContext, options = 'size=64m'): string {
  const directory = mkdtempSync('/tmp/phaul-pages-');
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'phaul-test', directory]);
  t.teardown(() => {
    execFileSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true });
  });
  return directory;
}

/** @param directory where the store lays its files; empty */
export function farEnd(directory: string): FarEnd {
  const [near, far] = duplexPair();
  const store = pageStore(directory);
  const receiver = receivePages(far, store, loadZstd());
  let replied = '';
  near.setEncoding('utf8').on('data', (text: string) => (replied += text));
  return {
    directory,
    store,
    receiver,
    say: (...frames) => {
      for (const bytes of frames) near.write(bytes);
    },
    finish: () => void near.end(),
    replies: async () => {
      await settle();
      return replied
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}
