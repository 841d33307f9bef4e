import test from 'ava';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import type { FsDriver } from '../../src/contracts/fs-driver.ts';
import { isPlainPath } from '../../src/contracts/paths.ts';
import { PhaulError } from '../../src/errors.ts';
import { fsDriverChecks } from '../../src/testing/index.ts';
import { examine } from './examine.ts';
import { notices } from './notices.ts';

const sizeOf = (path: string): number =>
  lstatSync(path).isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
    : lstatSync(path).size;

// The smallest fs driver that keeps the contract, as an example: both hosts are one, so the stream only says what to copy.
const copy: FsDriver = {
  kind: 'fs',
  name: 'copy',
  apiVersion: 1,
  description: 'Copies directories within one host',
  capabilities: { copies: true, replaces: false },
  source: (trees) => ({
    refusals: () => Promise.resolve([]),
    sync: async (open) => {
      const stream = await open();
      const order = JSON.stringify(trees.map(({ source }) => source));
      stream.end(order);
      // The other half closes the stream when it is done.
      await once(stream.resume(), 'close');
      // What would have travelled.
      const changed = trees.reduce((sum, { source }) => sum + sizeOf(source), 0);
      return { bytes: order.length + changed, changed, files: trees.length };
    },
    release: () => Promise.resolve(),
  }),
  target: (trees) => {
    if (!trees.every(({ target }) => isPlainPath(target)))
      throw new PhaulError('PROTOCOL_ERROR', 'A tree is no plain path.');
    const undo: (() => void)[] = [];
    return {
      refusals: (force) =>
        Promise.resolve(
          trees
            .filter(({ target }) => !force && existsSync(target))
            .map(({ target }) => ({
              code: 'PATH_TAKEN',
              message: `${target} exists.`,
              hint: 'Remove it.',
              host: 'target',
            })),
        ),
      prepare: () => {
        for (const { target } of trees) {
          const first = mkdirSync(target, { recursive: true });
          if (first !== undefined) undo.push(() => rmSync(first, { recursive: true }));
        }
        return Promise.resolve();
      },
      serve: async (stream) => {
        try {
          const sources = (await json(stream)) as string[];
          for (const [index, { target }] of trees.entries()) {
            rmSync(target, { recursive: true });
            if (existsSync(dirname(target)))
              cpSync(sources[index] ?? '', target, { recursive: true, verbatimSymlinks: true });
          }
        } finally {
          stream.destroy();
        }
      },
      abort: () => {
        for (let step = undo.pop(); step; step = undo.pop()) step();
        return Promise.resolve();
      },
    };
  },
};

examine(fsDriverChecks(copy));

const nothing = (): Promise<void> => Promise.resolve();
const lame: FsDriver = {
  ...copy,
  target: (trees, ctx) => ({ ...copy.target(trees, ctx), abort: nothing }),
};
test('undoes nothing', notices, fsDriverChecks(lame), /^undone|ends harms nobody/);
const lazy: FsDriver = {
  ...copy,
  source: (trees, ctx) => {
    const half = copy.source(trees, ctx);
    return {
      ...half,
      sync: (open, round) =>
        round.final ? Promise.resolve({ bytes: 0, changed: 0, files: 0 }) : half.sync(open, round),
    };
  },
};
test('leaves out the last round', notices, fsDriverChecks(lazy), /nothing differs|arrive/);
const rash: FsDriver = {
  ...copy,
  target: (trees, ctx) => ({ ...copy.target(trees, ctx), refusals: () => Promise.resolve([]) }),
};
test('overwrites what is there', notices, fsDriverChecks(rash), /refuses to overwrite/);
