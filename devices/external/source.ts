import type { DeviceSettings } from '../../src/config.ts';
import type { DeviceContext, SourceDevice } from '../../src/contracts/device.ts';
import { executable } from './call.ts';

/** The half that lets go. */
export function externalSource(type: string, settings: DeviceSettings, ctx: DeviceContext): SourceDevice {
  const { check, step, ifKilled } = executable(type, settings, 'out', ctx);
  let touched = false;
  let withdraw = (): void => undefined;
  let letting: Promise<void> = Promise.resolve();
  return {
    name: type,
    state: { type },
    refusals: check,
    begin: async () => {
      touched = true;
      withdraw = ifKilled('undo');
      await step('begin');
    },
    freeze: () => {
      // Noted anew: what lets the container run has been noted since, and the device comes before that.
      const earlier = withdraw;
      withdraw = ifKilled('undo');
      earlier();
      ifKilled('done');
      letting = step('transfer');
      letting.catch(() => undefined);
      return Promise.resolve();
    },
    settled: () => letting,
    abort: async () => {
      if (!touched) return;
      await letting.catch(() => undefined);
      await step('undo');
      withdraw();
      touched = false;
    },
    release: async () => {
      if (!touched) return;
      await step('done');
      touched = false;
    },
  };
}
