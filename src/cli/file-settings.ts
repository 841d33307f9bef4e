import type { Options } from 'yargs';
import * as z from 'zod';
import { configInvalid } from '../config-file.ts';
import { checkedConfig, configPath, readConfig, tableOf } from '../config.ts';
import { asPhaulError } from '../errors.ts';
import { toMigrateOptions } from './arguments.ts';
import { layered, type Said } from './layered.ts';
import { fileOptions, logOptions, migrateOptions } from './options.ts';

const schema = tableOf(
  Object.fromEntries(
    Object.entries(migrateOptions).map(([name, option]) => [
      name,
      (name in fileOptions
        ? typeOf(option)
        : z.never({ error: name in logOptions ? ofAnotherTable : onlyTyped })
      ).optional(),
    ]),
  ),
);

function typeOf({ type, choices }: Options): z.ZodType {
  if (choices) return z.enum(choices as string[]);
  if (type === 'boolean') return z.boolean();
  return type === 'number' ? z.number() : z.string();
}

function ofAnotherTable(): string {
  return 'belongs into the table [log], without the word log';
}

function onlyTyped(): string {
  return 'is about one call, and can only be said on its command line';
}

/**
 * What the table [migrate] of the configuration file says. @throws CONFIG_INVALID also for what the command line would be refused for
 */
export async function fileSettings(): Promise<Said<typeof fileOptions>> {
  const path = configPath();
  const { migrate } = await readConfig();
  const said: Said<typeof fileOptions> = checkedConfig(path, schema, migrate, ['migrate']);
  try {
    toMigrateOptions(
      '',
      '',
      layered<typeof migrateOptions>(migrateOptions, said),
      (name) => `migrate.${name}`,
    );
  } catch (thrown) {
    throw configInvalid(path, asPhaulError(thrown).message, thrown);
  }
  return said;
}
