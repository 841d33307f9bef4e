import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const usual = '/var/lib/lxc';

/** Where this host's LXC keeps its containers (lxc.system.conf(5)). */
export async function lxcPath(): Promise<string> {
  const text = await readFile('/etc/lxc/lxc.conf', 'utf8').catch(() => '');
  return /^\s*lxc\.lxcpath\s*=\s*(\/\S*)/m.exec(text)?.[1] ?? usual;
}

/** What there is of a container, by its own directory. */
export interface Place {
  readonly directory: string;
  /** With this file there LXC knows the container. */
  readonly config: string;
  /** The same where LXC does not look: a container that is yet to come … */
  readonly coming: string;
  /** … or has gone. */
  readonly left: string;
}

export function placeOf(path: string, name: string): Place {
  const directory = join(path, name);
  const config = join(directory, 'config');
  return { directory, config, coming: `${config}.phaul-coming`, left: `${config}.phaul-left` };
}

/** A path of the container `from` as one of the container `to`: what lies in its directory goes with its name. */
export function moved(path: string, from: string, to: string): string {
  return path === from || path.startsWith(`${from}/`) ? to + path.slice(from.length) : path;
}
