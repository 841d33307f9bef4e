import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { HType } from '../../src/contracts/htype.ts';
import { PhaulError } from '../../src/errors.ts';
import type { Kennel, Scene } from '../../src/testing/index.ts';

// The smallest htype that keeps the contract, as an example: a container is a file that says what it does.
const prefix = `phaul-box-${process.pid}-`;
const file = (name: string): string => `/tmp/${prefix}${name}`;
const state = (name: string): string => readFileSync(file(name), 'utf8').trim();
const put = (name: string, is: 'running' | 'held' | 'stopped'): void => writeFileSync(file(name), is);
const made = new Set<string>();
const nothing = (): Promise<void> => Promise.resolve();

export const boxes: HType = {
  kind: 'htype',
  name: 'box',
  apiVersion: 1,
  description: 'Containers that are files',
  capabilities: { live: true, preDump: false, revive: true },
  knows: (name) => Promise.resolve(existsSync(file(name))),
  list: () => {
    const boxes = readdirSync('/tmp').filter((each) => each.startsWith(prefix));
    return Promise.resolve(boxes.map((each) => each.slice(prefix.length)));
  },
  source: (name, { targetId }) => {
    if (!existsSync(file(name)))
      return Promise.reject(new PhaulError('CONTAINER_UNKNOWN', `There is no box ${name}.`));
    return Promise.resolve({
      description: { htype: 'box', id: targetId ?? name, trees: [], needs: [], meta: { lid: 'closed' } },
      pid: process.pid,
      refusals: () => Promise.resolve([]),
      mappedFiles: () => Promise.resolve([]),
      revive: {
        stop: async () => {
          if (state(name) !== 'running')
            throw new PhaulError('STOP_FAILED', `${name} does not run.`, { sourceState: 'stopped' });
          put(name, 'stopped');
          return { signal: 'SIGTERM', killed: false };
        },
        stillStopped: () => Promise.resolve(state(name) === 'stopped'),
        start: () => Promise.resolve(put(name, 'running')),
        startByHand: `grep -q stopped ${file(name)} && echo running >${file(name)}`,
      },
      release: () => Promise.resolve(rmSync(file(name))),
    });
  },
  target: ({ id, meta }) => {
    if (typeof meta !== 'object' || meta === null || !('lid' in meta) || typeof meta.lid !== 'string')
      throw new PhaulError('PROTOCOL_ERROR', 'That is no box.');
    return {
      refusals: () => Promise.resolve([]),
      prepare: nothing,
      live: {
        restore: () => Promise.resolve({}),
        restored: () => Promise.resolve(void made.add(id)),
      },
      revive: {
        start: () => {
          made.add(id);
          return Promise.resolve(process.pid);
        },
        startByHand: 'true',
      },
      started: nothing,
      abort: () => Promise.resolve(void made.delete(id)),
    };
  },
};

let boxCount = 0;

/** A box that runs. */
export function kennel(scene: Scene): Kennel {
  const name = `box-${++boxCount}`;
  put(name, 'running');
  scene.after(() => rmSync(file(name), { force: true }));
  return {
    name,
    options: {},
    runs: () => existsSync(file(name)) && state(name) === 'running',
    footprint: () => made.has(name),
    restored: process.pid,
  };
}
