import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { OpenStream } from '../../src/contracts/context.ts';
import type { FsTree } from '../../src/contracts/fs-driver.ts';
import { type Client, type Pass, startClient } from './client.ts';
import { slashed } from './names.ts';

/** The clients of one tree, some of them started before they are needed. */
export interface Waiting {
  /** One that waits, or a new one. */
  readonly take: (open: OpenStream, pass: Pass) => Promise<Client>;
  /** Starts and connects what the next round will need: of the 12 ms that an unchanged tree takes otherwise, 4 are left. */
  readonly start: (open: OpenStream, passes: readonly Pass[]) => void;
  /** Those not taken are not needed after all. */
  readonly end: () => Promise<void>;
}

export function waitingClients(tree: FsTree, index: number, signal: AbortSignal): Waiting {
  const waiting = new Map<Pass, Promise<Client | null>>();

  async function start(open: OpenStream, pass: Pass): Promise<Client> {
    const isDirectory = (await stat(tree.source)).isDirectory();
    const from = slashed(isDirectory ? tree.source : dirname(tree.source));
    const module = `${isDirectory ? 'tree' : 'file'}${index}`;
    return startClient(await open(), from, module, { pass, without: tree.without, signal });
  }

  return {
    take: async (open, pass) => {
      const warm = await waiting.get(pass);
      waiting.delete(pass);
      return warm?.alive() ? warm : start(open, pass);
    },
    start: (open, passes) => {
      for (const pass of passes)
        if (!waiting.has(pass))
          waiting.set(
            pass,
            start(open, pass).catch(() => null),
          );
    },
    end: async () => {
      const unused = [...waiting.values()];
      waiting.clear();
      for (const client of await Promise.all(unused)) client?.end();
    },
  };
}
