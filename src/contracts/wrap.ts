import type { DriverContext } from './context.ts';
import type { DeviceDriver, SourceDevice, TargetDevice } from './device.ts';
import type { FsDriver, Sight, SourceFs, TargetFs } from './fs-driver.ts';
import { guarded, type Owner, type Rule, type Rules } from './guarded.ts';
import type { HType, LiveTarget, Revival, SourceContainer, TargetContainer, TargetRevival } from './htype.ts';

// What the contracts promise of each member, as data.
const work: Rule = { kind: 'work' };
const once: Rule = { kind: 'once' };
const always: Rule = { kind: 'always' };
const end: Rule = { kind: 'end' };
const maker: Rule = { kind: 'always', atOnce: true };
const quick: Rule = { kind: 'always', limitMs: 10_000 };
const stream: Rule = { kind: 'work', lasts: true };
const question: Rule = { kind: 'work', limitMs: 60_000 };

const htypeRules: Rules<HType> = { knows: quick, list: quick, source: question, target: maker };
const sourceContainer: Rules<SourceContainer> = { refusals: question, mappedFiles: work, release: end };
const revival: Rules<Revival> = { stop: always, stillStopped: always, start: always };
const targetContainer: Rules<TargetContainer> = {
  refusals: question,
  prepare: once,
  complete: work,
  replaced: work,
  started: end,
  abort: end,
};
const liveTarget: Rules<LiveTarget> = { restore: work, placed: work, restored: work };
const targetRevival: Rules<TargetRevival> = { start: always };

const fsRules: Rules<FsDriver> = { look: question, suits: question, source: maker, target: maker };
const sight: Rules<Sight> = { close: end };
const sourceFs: Rules<SourceFs> = {
  refusals: question,
  demands: question,
  sync: work,
  release: end,
  abort: end,
};
const targetFs: Rules<TargetFs> = {
  refusals: question,
  prepare: once,
  serve: stream,
  finish: end,
  abort: end,
};

const deviceRules: Rules<DeviceDriver> = { source: always, target: maker };
const sourceDevice: Rules<SourceDevice> = {
  refusals: work,
  begin: once,
  quiet: work,
  freeze: work,
  settled: always,
  handOver: { kind: 'always', atOnce: true },
  abort: end,
  release: end,
};
const targetDevice: Rules<TargetDevice> = {
  refusals: work,
  begin: once,
  takeOver: work,
  takenOver: always,
  activate: always,
  finish: end,
  abort: end,
};

/** An htype as the core uses it: see guarded.ts. */
export function wrapHType(htype: HType): HType {
  const name = `htype ${htype.name}`;
  const outer = guarded(htype, htypeRules, { name });
  return {
    ...outer,
    source: async (container, options, ctx) => {
      const owner = of(name, ctx);
      const underWay = new Set<Promise<unknown>>();
      const half = guarded(await outer.source(container, options, ctx), sourceContainer, owner, underWay);
      return half.revive ? { ...half, revive: guarded(half.revive, revival, owner, underWay) } : half;
    },
    target: (description, ctx) => {
      const owner = of(name, ctx);
      const underWay = new Set<Promise<unknown>>();
      const { live, revive, ...half } = guarded(
        outer.target(description, ctx),
        targetContainer,
        owner,
        underWay,
      );
      return {
        ...half,
        ...(live && { live: guarded(live, liveTarget, owner, underWay) }),
        ...(revive && { revive: guarded(revive, targetRevival, owner, underWay) }),
      };
    },
  };
}

/** The same for an fs driver. */
export function wrapFsDriver(driver: FsDriver): FsDriver {
  const name = `fs driver ${driver.name}`;
  const outer = guarded(driver, fsRules, { name });
  const { look } = outer;
  return {
    ...outer,
    ...(look && {
      look: async (tree, ctx) => {
        const seen = await look(tree, ctx);
        return seen && guarded(seen, sight, of(name, ctx));
      },
    }),
    source: (trees, ctx) => guarded(outer.source(trees, ctx), sourceFs, of(name, ctx)),
    target: (trees, ctx) => guarded(outer.target(trees, ctx), targetFs, of(name, ctx)),
  };
}

/** The same for a device driver. What its devices throw is named after the device: there may be several. */
export function wrapDevice(driver: DeviceDriver): DeviceDriver {
  const outer = guarded(driver, deviceRules, { name: `device driver ${driver.name}` });
  const owner = (device: string, ctx: DriverContext): Owner => ({
    ...of(`The device ${device}`, ctx),
    namesAll: true,
  });
  return {
    ...outer,
    source: async (container, ctx) => {
      const devices = await outer.source(container, ctx);
      return devices.map((device) => guarded(device, sourceDevice, owner(device.name, ctx)));
    },
    target: (state, ctx) => {
      const device = outer.target(state, ctx);
      return guarded(device, targetDevice, owner(device.name, ctx));
    },
  };
}

const of = (name: string, { signal, log }: DriverContext): Owner => ({ name, signal, log });
