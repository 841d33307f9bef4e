import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../contracts/context.ts';
import type { DeviceContext, TargetDevice } from '../contracts/device.ts';
import { deviceDriverNamed } from '../contracts/registry.ts';
import { allDevices } from '../all-devices.ts';
import { asPhaulError, type Refusal } from '../errors.ts';
import type { Params } from '../rpc/methods.ts';

/** The target's halves of all devices of the container. Its members are the stages of contracts/device.ts, each for all devices at once. */
export interface TargetDevices {
  /** Some are taken over before the commit. */
  readonly takenOver: boolean;
  /** One promise for each. */
  readonly refusals: () => Promise<Refusal[]>[];
  readonly begin: () => Promise<void>;
  /** Stages 2 and 3. */
  readonly takeOver: () => Promise<void>;
  /** What fails is a warning. @param handed in the order of `check`'s devices */
  readonly activate: (handed: readonly Json[]) => Promise<void>;
  readonly finish: () => Promise<void>;
  /** Undoes those that are not taken over, so that tasks which are to be killed are not heard dying: nobody's connection is to end by it. Never throws. */
  readonly silence: () => Promise<void>;
  /**
   * Undoes whatever has been done, the last begun first. Idempotent. Once they have been taken over it goes on until it succeeds: the source takes nothing
   * back before.
   * @throws DRIVER_FAILED if they have not
   */
  readonly abort: () => Promise<void>;
}

const firstPauseMs = 500;
const mostPauseMs = 30_000;

/** @throws DRIVER_UNKNOWN, PROTOCOL_ERROR if a driver does not understand what its other half said. */
export async function targetDevices(
  states: Params<'check'>['devices'],
  ctx: DeviceContext,
  warn: (text: string) => void,
): Promise<TargetDevices> {
  const drivers = await Promise.all(states.map(({ name }) => deviceDriverNamed(name)));
  const devices = drivers.map((driver, index) => driver.target(states[index]?.state ?? null, ctx));
  let begun: readonly TargetDevice[] = [];
  let taken = false;
  const shared = devices.filter((_, index) => drivers[index]?.capabilities.takeOver === false);
  const undo = async (): Promise<void> => {
    const failed: unknown[] = [];
    for (const device of begun) await device.abort().catch((thrown: unknown) => failed.push(thrown));
    if (failed.length > 0) throw failed[0];
  };
  return {
    takenOver: drivers.some(({ capabilities }) => capabilities.takeOver),
    refusals: () => devices.map((device) => device.refusals()),
    begin: async () => {
      for (const device of devices) {
        begun = [device, ...begun];
        await device.begin();
      }
    },
    takeOver: async () => {
      taken = true;
      await allDevices(devices, async (device) => {
        await device.takeOver?.();
        await device.takenOver?.();
      });
    },
    activate: async (handed) => {
      await Promise.all(
        devices.map(async ({ activate }, index) => {
          await activate?.(handed[index] ?? null).catch((thrown: unknown) => {
            warn(`${asPhaulError(thrown).message} It is not in place.`);
          });
        }),
      );
    },
    // abort() says what was wrong: it tries again.
    silence: () => allDevices(shared, (device) => device.abort()).catch(() => undefined),
    finish: () => allDevices(devices, (device) => device.finish?.()),
    abort: async () => {
      for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, mostPauseMs)) {
        try {
          return await undo();
        } catch (error) {
          if (!taken) throw error;
          warn(`${asPhaulError(error).message} It has not been given up here; it is tried again.`);
        }
        await sleep(pause);
      }
    },
  };
}
