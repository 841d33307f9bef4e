import type { HostRole } from '../../src/errors.ts';
import type { State } from '../../src/journal/story.ts';
import type { Method } from '../../src/rpc/methods.ts';

/** One moment of the protocol, as phaul publishes it on `phaul:step` right before or after the deed. */
export interface Step {
  readonly host: HostRole;
  /** The command that comes to it. */
  readonly by: 'migrate' | 'service' | 'recover';
  readonly name: string;
}

export type Part = Step | readonly Part[];

/** A call of the source's, with what the target does before it answers. */
export function call(
  method: Method,
  inside: readonly Part[] = [],
  by: 'migrate' | 'recover' = 'migrate',
): Part {
  return [
    { host: 'source', by, name: `asks ${method}` },
    { host: 'target', by: 'service', name: `takes ${method}` },
    inside,
    { host: 'target', by: 'service', name: `answers ${method}` },
    { host: 'source', by, name: `hears ${method}` },
  ];
}

/** The same over a new connection, whose end on the target hands it on to the session that has the migration. */
export function callAgain(
  method: Method,
  inside: readonly Part[] = [],
  by: 'migrate' | 'recover' = 'migrate',
): Part {
  const within = ['asks', 'hears'].map(
    (verb) => ({ host: 'target', by: 'service', name: `${verb} ${method}` }) as const,
  );
  const [asks, takes, answers, hears] = inOrder([call(method, [], by)]) as [Step, Step, Step, Step];
  return [asks, takes, within[0]!, takes, inside, answers, within[1]!, answers, hears];
}

const usual = { source: 'migrate', target: 'service' } as const;

/** A line of the journal that must be on disk. */
export function record(host: HostRole, state: State, by: Step['by'] = usual[host]): Part {
  return ['records', 'has recorded'].map((verb) => ({ host, by, name: `${verb} ${state}` }));
}

/** A line of the journal that must outlive the process only. */
export function note(host: HostRole, state: State): Part {
  return { host, by: usual[host], name: `notes ${state}` };
}

/** What a host does by itself. */
export function deed(host: HostRole, ...names: string[]): Part {
  return names.map((name) => ({ host, by: usual[host], name }));
}

/** CRIU asks whether to go on. */
export function criu(host: HostRole, ...scripts: string[]): Part {
  return scripts.map((script) => ({ host, by: usual[host], name: `CRIU says ${script}` }));
}

/** The steps of parts, in order. */
export function inOrder(parts: readonly Part[]): Step[] {
  return parts.flatMap((part) => ('name' in part ? [part] : inOrder(part)));
}

export const told = ({ host, by, name }: Step): string =>
  by === usual[host] ? `${host} ${name}` : `${host} ${by} ${name}`;
