import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import type { Json } from '../../src/contracts/context.ts';
import type { DeviceDriver } from '../../src/contracts/device.ts';
import type { FsDriver } from '../../src/contracts/fs-driver.ts';
import type { HType } from '../../src/contracts/htype.ts';
import { builtIn } from '../../src/contracts/registry.ts';
import { PhaulError } from '../../src/errors.ts';
import type { Landed } from '../../src/journal/story.ts';
import { type Params, protocolVersion } from '../../src/rpc/methods.ts';
import { stage, type Stage } from './stage.ts';

/** What becomes of the container when it is started on the target. */
export type Fate = 'runs' | 'ends' | 'fails';

export const steps = ['hello', 'check', 'begin', 'prepare', 'ready', 'commit', 'finish'] as const;
export type Step = (typeof steps)[number];

/** A target's session in revive mode, with drivers that write down what is done to them. */
export interface Dock extends Omit<Stage, 'upTo' | 'only'> {
  readonly id: string;
  readonly did: readonly string[];
  /** Of each call, as an honest source makes it. */
  readonly params: { readonly [S in Step]: Params<S> };
  /** The container's process, if it was started. */
  readonly process: () => ChildProcess | undefined;
  readonly upTo: (last: Step) => Promise<void>;
  readonly only: (step: Step) => Promise<void>;
  /** @throws if it does not land */
  readonly land: () => Promise<Landed>;
}

const logs = new Map<string, string[]>();
const started = new Map<string, ChildProcess>();
const note = (id: unknown, what: string): Promise<void> =>
  Promise.resolve(void logs.get(String(id))?.push(what));

const ship: HType = {
  kind: 'htype',
  name: 'ship',
  apiVersion: 1,
  description: 'A process that is started as told',
  capabilities: { live: true, preDump: false, revive: true },
  knows: () => Promise.resolve(false),
  source: () => Promise.reject(new Error('only the target is played')),
  target: ({ id, meta }) => ({
    refusals: () => Promise.resolve([]),
    prepare: (mode) => note(id, `prepare ${mode}`),
    replaced: () => note(id, 'replaced'),
    revive: {
      startByHand: `start ${id}`,
      start: async () => {
        await note(id, 'start');
        if (meta === 'fails')
          throw new PhaulError('START_FAILED', 'It does not want to.', { host: 'target' });
        const child = spawn(meta === 'ends' ? 'true' : 'sleep', ['1000'], { stdio: 'ignore' });
        started.set(id, child);
        // By the time that it is looked at, on however busy a machine.
        await once(child, meta === 'ends' ? 'exit' : 'spawn');
        return child.pid ?? 0;
      },
    },
    started: () => note(id, 'started'),
    abort: async () => {
      await note(id, 'abort');
      started.get(id)?.kill('SIGKILL');
    },
  }),
};

const lamp: DeviceDriver = {
  kind: 'device',
  name: 'lamp',
  apiVersion: 1,
  description: 'A device that writes down what is done to it',
  capabilities: { takeOver: false },
  source: () => Promise.resolve([]),
  target: (id) => ({
    name: 'lamp',
    refusals: () => Promise.resolve([]),
    begin: () => note(id, 'lamp begin'),
    activate: () => note(id, 'lamp activate'),
    abort: () => note(id, 'lamp abort'),
  }),
};

/** What the crane on this host does: the tests put it here by the container's id. */
export const cranes = new Map<
  Json,
  { readonly takenOver: () => Promise<void>; readonly abort: () => Promise<void> }
>();

/** One that one host only may use. */
const crane: DeviceDriver = {
  ...lamp,
  name: 'crane',
  capabilities: { takeOver: true },
  target: (id) => ({
    name: 'crane',
    refusals: () => Promise.resolve([]),
    begin: () => note(id, 'crane begin'),
    takeOver: () => note(id, 'crane takeOver'),
    takenOver: async () => {
      await cranes.get(id)?.takenOver();
      await note(id, 'crane takenOver');
    },
    finish: () => note(id, 'crane finish'),
    abort: async () => {
      await note(id, 'crane abort');
      await cranes.get(id)?.abort();
    },
  }),
};

/** As a driver that puts another directory in the place of a tree. */
const swap: FsDriver = {
  kind: 'fs',
  name: 'swap',
  apiVersion: 1,
  description: 'Files that nobody copies',
  capabilities: { copies: true, replaces: true },
  source: () => {
    throw new Error('only the target is played');
  },
  target: ([tree]) => {
    const id = tree?.target.slice(1);
    return {
      refusals: () => Promise.resolve([]),
      prepare: async () => {
        if (tree?.source === noRoom) throw new PhaulError('DISK_FULL', 'It has no room.');
        await note(id, 'swap prepare');
      },
      serve: () => Promise.resolve(),
      finish: () => note(id, 'swap finish'),
      abort: () => note(id, 'swap abort'),
    };
  },
};

// The registry as the session reads it.
(builtIn.htype as HType[]).push(ship);
(builtIn.device as DeviceDriver[]).push(lamp, crane);
(builtIn.fs as FsDriver[]).push(swap);

let count = 0;

/** A tree for which there is no room on the target. */
const noRoom = '/no/room';

/** @param begin what the source says there, where it differs from the usual */
export function dock(
  t: ExecutionContext,
  fate: Fate = 'runs',
  begin: Partial<Params<'begin'>> = {},
  device: 'lamp' | 'crane' = 'lamp',
  files: 'have room' | 'have none' = 'have room',
): Dock {
  // Without CRIU: revive mode needs none.
  const s = stage(t, {}, '/nonexistent/criu');
  // Other test files have ships, too, on this machine.
  const id = `ship-${process.pid}-${++count}`;
  const did: string[] = [];
  logs.set(id, did);
  t.teardown(() => started.get(id)?.kill('SIGKILL'));
  const { call } = s;
  const source = files === 'have room' ? `/${id}` : noRoom;
  const tree = { source, target: `/${id}`, without: [] };
  const params: Dock['params'] = {
    hello: { protocol: protocolVersion, phaul: '0.1.0', migration: s.migration },
    check: s.check({
      mode: 'revive',
      container: { htype: 'ship', id, trees: [], needs: [], meta: fate },
      fs: [{ driver: 'swap', trees: [tree] }],
      devices: [{ name: device, state: id }],
    }),
    begin: {
      shellJob: false,
      tcp: 'keep',
      lazy: false,
      zstd: false,
      dataPort: null,
      start: true,
      keepImages: false,
      ...begin,
    },
    prepare: {},
    ready: {},
    commit: { devices: [] },
    finish: {},
  };
  const only = (step: Step): Promise<unknown> => call[step](params[step] as never);
  return {
    ...s,
    id,
    did,
    params,
    process: () => started.get(id),
    upTo: async (last) => {
      for (const step of steps.slice(0, steps.indexOf(last) + 1)) await only(step);
    },
    only: async (step) => void (await only(step)),
    land: async () => {
      const outcome = await call.commit({ devices: [] });
      if (outcome.outcome === 'undone') throw new Error(outcome.error?.message);
      return outcome;
    },
  };
}
