import { setMaxListeners } from 'node:events';
import type { Json } from '../contracts/context.ts';
import type { DeviceContext, DeviceDriver, SourceDevice } from '../contracts/device.ts';
import type { SourceContainer } from '../contracts/htype.ts';
import { allDeviceDrivers } from '../contracts/registry.ts';
import { allDevices } from '../all-devices.ts';
import { PhaulError, type Refusal } from '../errors.ts';
import { sized } from '../observe/amounts.ts';
import type { Params } from '../rpc/methods.ts';
import { onSource } from './on-source.ts';

/** The source's halves of all devices of the container. Its members are the stages of contracts/device.ts, each for all devices at once. */
export interface Devices {
  readonly names: readonly string[];
  /** What the target must know of them. */
  readonly states: Params<'check'>['devices'];
  /** Those that are taken over on the target before the commit. */
  readonly takenOver: readonly string[];
  /** One promise for each. */
  readonly refusals: () => Promise<Refusal[]>[];
  readonly begin: () => Promise<void>;
  readonly quiet: NonNullable<SourceDevice['quiet']>;
  readonly freeze: () => Promise<void>;
  readonly settled: () => Promise<void>;
  readonly handOver: () => Params<'commit'>['devices'];
  /** Ends what is under way, then undoes it. Idempotent. @throws DRIVER_FAILED if the container has not all of its devices back */
  readonly abort: () => Promise<void>;
  /** For each a promise of its own. */
  readonly release: () => { readonly name: string; readonly done: () => Promise<void> }[];
}

interface Owned {
  readonly driver: DeviceDriver;
  readonly device: SourceDevice;
}

/** @param context what the drivers get, with that signal in it */
export async function devicesOf(
  container: SourceContainer,
  outer: AbortSignal,
  context: (signal: AbortSignal) => DeviceContext,
): Promise<Devices> {
  const ending = new AbortController();
  const signal = AbortSignal.any([outer, ending.signal]);
  setMaxListeners(0, signal);
  const ctx = context(signal);
  const found = await Promise.all(
    (await onSource(allDeviceDrivers())).map(async (driver): Promise<Owned[]> => {
      const devices = await onSource(driver.source(container, ctx));
      return devices.map((device) => ({ driver, device }));
    }),
  );
  return group(found.flat(), () => ending.abort());
}

// It is part of the word, which goes in one frame (rpc/frames.ts).
const mostHanded = 900 << 10;

/** @throws DRIVER_FAILED for what the target would not take: once it has been sent nobody knows whose the container is */
export function fitting(handed: readonly Json[]): Json[] {
  const { length } = JSON.stringify(handed);
  if (length <= mostHanded) return [...handed];
  throw new PhaulError(
    'DRIVER_FAILED',
    `The container's devices hand over ${sized(length)}, which is too much.`,
  );
}

function group(owned: readonly Owned[], end: () => void): Devices {
  const devices = owned.map(({ device }) => device);
  let busy: Promise<unknown> = Promise.resolve();
  const stage = (work: (device: SourceDevice) => Promise<void> | undefined): Promise<void> => {
    const done = allDevices(devices, work);
    busy = Promise.allSettled([busy, done]);
    return done;
  };
  return {
    names: devices.map(({ name }) => name),
    states: owned.map(({ driver, device }) => ({
      name: driver.name,
      state: device.state,
    })),
    takenOver: owned.flatMap(({ driver, device }) => (driver.capabilities.takeOver ? [device.name] : [])),
    refusals: () => devices.map((device) => device.refusals()),
    begin: () => stage((device) => device.begin?.()),
    quiet: (along) => stage((device) => device.quiet?.(along)),
    freeze: () => stage((device) => device.freeze()),
    settled: () => stage((device) => device.settled?.()),
    handOver: () => fitting(devices.map((device) => device.handOver?.() ?? null)),
    abort: async () => {
      end();
      await busy;
      await allDevices(devices, (device) => device.abort());
    },
    release: () => devices.map(({ name, release }) => ({ name, done: release })),
  };
}
