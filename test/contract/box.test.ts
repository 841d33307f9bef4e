import { rmSync, statSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import type { HType } from '../../src/contracts/htype.ts';
import { PhaulError } from '../../src/errors.ts';
import { testHType } from './htype.ts';

// The smallest htype that keeps the contract, as an example.
const containers = new Map<string, 'running' | 'held'>([['box', 'running']]);

const boxes: HType = {
  kind: 'htype',
  name: 'box',
  apiVersion: 1,
  description: 'Containers that are entries of a map',
  capabilities: { live: true, preDump: false },
  knows: (name) => Promise.resolve(containers.has(name)),
  source: (name, { targetId }) => {
    if (!containers.has(name)) return Promise.reject(new PhaulError('CONTAINER_UNKNOWN', `No box ${name}.`));
    return Promise.resolve({
      description: { htype: 'box', id: targetId ?? name, trees: [], needs: [], meta: { lid: 'closed' } },
      fs: 'shared',
      pid: process.pid,
      networkNamespace: null,
      dump: {},
      refusals: () => Promise.resolve([]),
      mappedFiles: () => Promise.resolve([]),
      hold: () => {
        containers.set(name, 'held');
        return Promise.resolve({ remove: `rm -f ${flag(name)}; exit 0`, resume: `touch ${flag(name)}` });
      },
      release: () => Promise.resolve(void containers.delete(name)),
    });
  },
  target: ({ id, meta }) => {
    if (typeof meta !== 'object' || meta === null || !('lid' in meta) || typeof meta.lid !== 'string')
      throw new PhaulError('PROTOCOL_ERROR', 'That is no box.');
    const nothing = (): Promise<void> => Promise.resolve();
    return {
      refusals: () => Promise.resolve([]),
      prepare: nothing,
      restore: () => Promise.resolve({}),
      restored: () => Promise.resolve(void made.add(id)),
      started: nothing,
      abort: () => Promise.resolve(void made.delete(id)),
    };
  },
};
const made = new Set<string>();
// The operator's commands are shell commands, so this box listens to a file.
const flag = (name: string): string => `/tmp/phaul-box-${process.pid}-${name}`;

let boxCount = 0;
testHType(boxes, (t: ExecutionContext) => {
  const name = `box-${++boxCount}`;
  containers.set(name, 'running');
  t.teardown(() => rmSync(flag(name), { force: true }));
  const resumed = (): boolean => statSync(flag(name), { throwIfNoEntry: false }) !== undefined;
  return {
    name,
    options: {},
    runs: () => containers.get(name) === 'running' || resumed(),
    footprint: () => made.has(name),
    restored: process.pid,
  };
});
