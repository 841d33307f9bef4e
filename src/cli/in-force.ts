import { asPhaulError } from '../errors.ts';
import { fileSettings } from './file-settings.ts';
import { type InForce, layered, type Said } from './layered.ts';
import type { OptionTable } from './options.ts';

/** The command line wins over the configuration file, and that over the defaults. @throws CONFIG_INVALID */
export async function inForce<T extends OptionTable>(table: T, typed: Said<T>): Promise<InForce<T>> {
  const file = await fileSettings().catch((thrown: unknown) => {
    throw asPhaulError(thrown).with({ host: 'source', act: 'preflight', sourceState: 'running' });
  });
  return layered(table, typed, file as Said<T>);
}
