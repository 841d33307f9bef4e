import { resolve } from 'node:path';
import * as z from 'zod';
import { configInvalid, readConfigFile } from './config-file.ts';
import { driverName } from './contracts/driver.ts';
import { isPlainPath } from './contracts/paths.ts';
import { formats } from './log/lines.ts';
import { levels } from './log/record.ts';
import { nearest } from './nearest.ts';

// This host's own settings. What is meant for all migrations belongs there; nothing of it comes from the other host.
const usualPath = '/etc/phaul/phaul.toml';

let named: string | null = null;

/** This process reads that file instead, which has to exist. */
export function useConfig(path: string): void {
  named = resolve(path);
}

export function configPath(): string {
  return named ?? usualPath;
}

/** For the command line of another phaul that goes on with what this one has begun. */
export function configArguments(): string[] {
  return named === null ? [] : ['--config', named];
}

/** A table that refuses keys which it does not have, and says which was probably meant. */
export function tableOf<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: ({ code, keys }) => {
      if (code !== 'unrecognized_keys') return undefined;
      const [key = ''] = keys as string[];
      const meant = nearest(key, Object.keys(shape));
      return `Unrecognized key: "${key}"${meant === null ? '' : `; did you mean "${meant}"?`}`;
    },
  });
}

const longestSeconds = 24 * 60 * 60;

const device = tableOf({
  /** The executable, as an absolute path. */
  command: z.string().regex(/^\/[^\0]+$/, 'must be an absolute path'),
  /** The names of the containers that have such a device; all have one without it. */
  containers: z.array(z.string().min(1)).min(1).optional(),
  /** The most that one step may take, in seconds. */
  'time-limit': z.number().positive().max(longestSeconds).default(30),
});

const driver = z
  .string()
  .refine(
    (entry) => driverName.test(entry) || isPlainPath(entry),
    'must be the name of a driver or an absolute path',
  );

/** Drivers from elsewhere, in the order in which they are asked. */
const drivers = tableOf({
  /** Where npm has installed the packages of those that are given by name. */
  directory: z.string().refine(isPlainPath, 'must be an absolute path').default('/usr/local/lib/phaul'),
  htype: z.array(driver).default([]),
  fs: z.array(driver).default([]),
  device: z.array(driver).default([]),
});

/** What is written to this host's log. */
const log = tableOf({
  level: z.enum(levels).default('info'),
  /** Of what goes to stderr; without it that is for people. */
  format: z.enum(formats).optional(),
});

/** What is written down for Prometheus. */
const metrics = tableOf({
  /** For the node exporter's textfile collector, which reads what ends so. */
  textfile: z
    .string()
    .refine(
      (path) => isPlainPath(path) && path.endsWith('.prom'),
      'must be an absolute path that ends with .prom',
    )
    .optional(),
});

const schema = tableOf({
  drivers: drivers.prefault({}),
  devices: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be small letters, digits and hyphens'), device)
    .default({}),
  log: log.prefault({}),
  metrics: metrics.prefault({}),
  /** Checked where the options are known, by the commands that have them. */
  migrate: z.record(z.string(), z.unknown()).default({}),
});

export type Config = z.infer<typeof schema>;
export type DeviceSettings = z.infer<typeof device>;

/** A host without the usual file has no settings. @throws CONFIG_INVALID with the place and the reason */
export async function readConfig(path = configPath()): Promise<Config> {
  return checkedConfig(path, schema, (await readConfigFile(path, path === named)) ?? {});
}

/** @param place of the value in the file @throws CONFIG_INVALID with the place and the reason */
export function checkedConfig<T>(path: string, type: z.ZodType<T>, value: unknown, place: string[] = []): T {
  const { success, data, error } = type.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  const where = [...place, ...(issue?.path ?? [])].join('.');
  throw configInvalid(path, `${where && `${where}: `}${issue?.message}`, error);
}
