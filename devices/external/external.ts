import { configPath, readConfig } from '../../src/config.ts';
import type { DeviceDriver } from '../../src/contracts/device.ts';
import { externalSource } from './source.ts';
import { externalTarget } from './target.ts';

/** @param path of each host's own settings, if not the usual one */
export function externalDriver(path?: string): DeviceDriver {
  return {
    kind: 'device',
    name: 'external',
    apiVersion: 1,
    description: 'Whatever an executable hands over that the configuration names',
    capabilities: { takeOver: true },
    source: async (_, ctx) => {
      const { devices } = await readConfig(path);
      return Object.entries(devices).flatMap(([type, settings]) =>
        (settings.containers?.includes(ctx.move.container) ?? true)
          ? [externalSource(type, settings, ctx)]
          : [],
      );
    },
    target: (state, ctx) => externalTarget(state, path ?? configPath(), ctx),
  };
}

/** Devices that a program of the user's moves, one for each type in the configuration. */
export const external = externalDriver();
