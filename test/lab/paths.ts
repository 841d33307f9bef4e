import { fileURLToPath } from 'node:url';

/** The project directory on the machine; every host sees it, read-only, at /opt/phaul. */
export const projectDirectory = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** What outlives a lab: the hosts' root file system. Its lock also keeps two set-ups of labs apart. */
export const cacheDirectory = '/var/cache/phaul-lab';

/**
 * The directory of one lab: the logs and the record of what is up. The hosts' own files are not in it, they are on
 * file systems that only the hosts see.
 */
export function stateDirectory(lab: string): string {
  return `/run/phaul-lab/${lab}`;
}

/**
 * The lab to work with: $PHAUL_LAB, or `lab`. Labs of different names can be up at the same time.
 * @throws if the name cannot be part of a path
 */
export function labName(): string {
  const name = process.env['PHAUL_LAB'] ?? 'lab';
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name)) {
    throw new Error(`PHAUL_LAB is ${JSON.stringify(name)}: use up to 32 small letters, digits and hyphens`);
  }
  return name;
}
