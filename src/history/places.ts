import { join } from 'node:path';
import type { HostRole } from '../errors.ts';

/** Where a host remembers migrations. Nothing here decides anything: all of it may be removed at any time. */
export const historyBase = '/var/log/phaul';

/** One directory for each role that this host played in a migration, named as the working directories are. */
export const historyDirectory = (migration: string, role: HostRole): string =>
  join(historyBase, `${migration}-${role}`);

export const eventsFile = (directory: string): string => join(directory, 'events.jsonl');
export const endFile = (directory: string): string => join(directory, 'end.json');

const named = /^([a-z0-9-]{8,64})-(source|target)$/;

/** Whose directory that is; null: nobody's. */
export function ownerOf(name: string): { readonly migration: string; readonly role: HostRole } | null {
  const [, migration, role] = named.exec(name) ?? [];
  return migration === undefined ? null : { migration, role: role as HostRole };
}
