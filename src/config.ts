import { type FileHandle, open } from 'node:fs/promises';
import * as z from 'zod';
import { driverName } from './contracts/driver.ts';
import { isPlainPath } from './contracts/paths.ts';
import { PhaulError } from './errors.ts';

/** This host's own settings. What is meant for all migrations belongs here; nothing of it comes from the other host. */
export const configPath = '/etc/phaul/phaul.toml';

const longestSeconds = 24 * 60 * 60;

const device = z.strictObject({
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
const drivers = z.strictObject({
  /** Where npm has installed the packages of those that are given by name. */
  directory: z.string().refine(isPlainPath, 'must be an absolute path').default('/usr/local/lib/phaul'),
  htype: z.array(driver).default([]),
  fs: z.array(driver).default([]),
  device: z.array(driver).default([]),
});

const schema = z.strictObject({
  drivers: drivers.prefault({}),
  devices: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be small letters, digits and hyphens'), device)
    .default({}),
});

export type Config = z.infer<typeof schema>;
export type DeviceSettings = z.infer<typeof device>;

/** A host without such a file has no settings. @throws CONFIG_INVALID with the place and the reason */
export async function readConfig(path = configPath): Promise<Config> {
  const text = await readOwn(path);
  if (text === null) return schema.parse({});
  // Loaded only where it is needed: most hosts have no such file.
  const { parse, TomlError } = await import('smol-toml');
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [why = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw invalid(path, `line ${error.line}, column ${error.column}: ${why}`, error);
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const where = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  throw invalid(path, `${where}${issue?.message}`, checked.error);
}

/** Null: there is none. @throws CONFIG_INVALID also if others than root can have written it: programs in it run as root */
async function readOwn(path: string): Promise<string | null> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw invalid(path, message, error);
  }
  try {
    const { uid, mode } = await file.stat();
    if (uid !== 0 || mode & 0o022) throw invalid(path, 'others than root may write to it');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function invalid(path: string, why: string, cause?: unknown): PhaulError {
  return new PhaulError('CONFIG_INVALID', `${path}: ${why.replace(/\.$/, '')}.`, { cause });
}
