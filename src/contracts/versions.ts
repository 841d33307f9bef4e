import { attempt } from '../run.ts';
import type { DriverKind } from './driver.ts';
import { findDrivers } from './registry.ts';

/** A driver as it is on one host, with the programs that it works with. */
export interface DriverVersions {
  readonly kind: DriverKind;
  readonly name: string;
  /** Null: it has none, or cannot be used. */
  readonly version: string | null;
  /** Null: it is not there, or does not tell. */
  readonly programs: { readonly name: string; readonly version: string | null }[];
}

export type UsedDrivers = { readonly [Kind in DriverKind]: readonly string[] };

/** What this host has of the drivers that a migration uses. Never throws. */
export async function versionsOf(used: UsedDrivers): Promise<DriverVersions[]> {
  const kinds = Object.keys(used) as DriverKind[];
  return (await Promise.all(kinds.map((kind) => ofKind(kind, used[kind]).catch(() => [])))).flat();
}

async function ofKind(kind: DriverKind, names: readonly string[]): Promise<DriverVersions[]> {
  const found = (await findDrivers(kind)).filter(({ name }) => names.includes(name));
  return Promise.all(
    found.map(async ({ name, version, driver }) => {
      const programs = ('programs' in driver && driver.programs) || [];
      const asked = programs.map(async ([program, ...args]) => ({
        name: program,
        version: await tell(program, args),
      }));
      return { kind, name, version, programs: await Promise.all(asked) };
    }),
  );
}

const patienceMs = 3000;

async function tell(program: string, args: readonly string[]): Promise<string | null> {
  const end = await attempt(program, args, { limitMs: patienceMs }).catch(() => null);
  return versionIn(end ? `${end.stdout}\n${end.stderr}` : '');
}

/** The first thing in a text that looks like a version. */
export function versionIn(text: string): string | null {
  return /\d+\.\d[\w.+~:-]*/.exec(text)?.[0]?.slice(0, 64) ?? null;
}
