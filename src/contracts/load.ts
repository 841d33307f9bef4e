import { access, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import type { ErrorCode } from '../error-codes.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import type { DeviceDriver } from './device.ts';
import { driverApi, type DriverKind, driverName } from './driver.ts';
import type { FsDriver } from './fs-driver.ts';
import { within } from './guarded.ts';
import type { HType } from './htype.ts';

/** The driver of each kind. */
export interface DriverOf {
  readonly htype: HType;
  readonly fs: FsDriver;
  readonly device: DeviceDriver;
}

/** A driver that this host has, or why it cannot be used. */
export interface Found<Kind extends DriverKind = DriverKind> {
  readonly kind: Kind;
  readonly name: string;
  /** `built-in`, the name of a package, or a path. */
  readonly origin: string;
  /** Of the package, or of phaul; null: a file has none. */
  readonly version: string | null;
  readonly driver: DriverOf[Kind] | PhaulError;
}

const loadMs = 10_000;

/**
 * Loads a driver that this host's own settings name: never what another host names.
 * @param entry a driver's name, which is that of a package without `phaul-KIND-`, or the absolute path of a module
 * @param directory where npm has installed the packages
 */
export async function loadDriver<Kind extends DriverKind>(
  kind: Kind,
  entry: string,
  directory: string,
): Promise<Found<Kind>> {
  const isName = driverName.test(entry);
  const found = { kind, name: entry, origin: isName ? `phaul-${kind}-${entry}` : entry, version: null };
  try {
    const { file, version } = isName
      ? await locate(found.origin, directory)
      : { file: entry, version: found.version };
    const driver = checked(kind, await load(file, found.origin), found.origin);
    if (isName && driver.name !== entry)
      throw failure('DRIVER_INVALID', found.origin, `calls its driver ${driver.name}`);
    return { ...found, name: driver.name, version, driver };
  } catch (error) {
    return { ...found, driver: asPhaulError(error, 'DRIVER_LOAD') };
  }
}

/** @throws DRIVER_MISSING, DRIVER_INVALID if there is nothing in the package to load */
async function locate(name: string, directory: string): Promise<{ file: string; version: string | null }> {
  const manifest = join(directory, 'node_modules', name, 'package.json');
  const text = await readFile(manifest, 'utf8').catch((cause: unknown) => {
    throw failure('DRIVER_MISSING', name, `is not installed in ${directory}`, cause);
  });
  try {
    const { version = null } = JSON.parse(text) as { version?: string };
    return { file: createRequire(join(directory, 'package.json')).resolve(name), version };
  } catch (cause) {
    throw failure('DRIVER_INVALID', name, `has nothing to load: ${firstLine(cause)}`, cause);
  }
}

/** What the module exports as `driver`. @throws DRIVER_MISSING, DRIVER_LOAD, DRIVER_INVALID */
async function load(file: string, origin: string): Promise<unknown> {
  await access(file).catch((cause: unknown) => {
    throw failure('DRIVER_MISSING', origin, 'does not exist', cause);
  });
  const loading = import(pathToFileURL(file).href) as Promise<{ driver?: unknown }>;
  const exported = await within(loadMs, 'loading', loading).catch((cause: unknown) => {
    throw failure('DRIVER_LOAD', origin, `cannot be loaded: ${firstLine(cause)}`, cause);
  });
  if (exported.driver === undefined) throw failure('DRIVER_INVALID', origin, 'does not export a driver');
  return exported.driver;
}

const able = z.boolean();
const member = z.custom((value) => typeof value === 'function', 'must be a function');
const shapes = {
  htype: {
    capabilities: z.object({ live: able, preDump: able, revive: able }),
    knows: member,
  },
  fs: { capabilities: z.object({ copies: able, replaces: able }) },
  device: { capabilities: z.object({ takeOver: able }) },
} as const satisfies Record<DriverKind, z.ZodRawShape>;

/** @throws DRIVER_API, DRIVER_INVALID naming the first thing that is wrong */
function checked<Kind extends DriverKind>(kind: Kind, value: unknown, origin: string): DriverOf[Kind] {
  const { apiVersion } = Object(value) as { apiVersion?: unknown };
  if (typeof apiVersion === 'number' && apiVersion !== driverApi) {
    const what = `is for version ${apiVersion} of phaul's drivers, and this phaul has version ${driverApi}`;
    throw failure('DRIVER_API', origin, what);
  }
  const schema = z.object({
    kind: z.literal(kind),
    name: z.string().regex(driverName, 'must be small letters, digits and hyphens'),
    apiVersion: z.literal(driverApi),
    description: z.string(),
    programs: z.array(z.array(z.string()).min(1)).max(16).optional(),
    source: member,
    target: member,
    ...shapes[kind],
  });
  const { error } = schema.safeParse(value);
  if (!error) return value as DriverOf[Kind];
  const [issue] = error.issues;
  throw failure('DRIVER_INVALID', origin, `exports no ${kind} driver: ${where(issue)}`, error);
}

function where(issue: z.core.$ZodIssue | undefined): string {
  const path = issue?.path.join('.') ?? '';
  return `${path && `${path}: `}${issue?.message}`;
}

function failure(code: ErrorCode, origin: string, what: string, cause?: unknown): PhaulError {
  return new PhaulError(code, `${origin} ${what.replace(/\.$/, '')}.`, { cause });
}

function firstLine(thrown: unknown): string {
  const [line = ''] = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n');
  return line;
}
