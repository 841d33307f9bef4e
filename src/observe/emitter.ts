import type { Act } from '../acts.ts';
import type { HostRole } from '../errors.ts';
import { eventVersion, type Happening, type PhaulEvent } from './events.ts';

export type Listener = (event: PhaulEvent) => void;

/** Stamps happenings of one migration and hands them to every listener. */
export function emitter(
  migration: string,
  listeners: readonly Listener[],
): (what: Happening, host?: HostRole) => void {
  const began = performance.now();
  let act: Act | null = null;
  return (what, host = 'source') => {
    if ('act' in what) act = what.act;
    const ms = Math.round((performance.now() - began) * 10) / 10;
    const stamp = { version: eventVersion, migration, time: new Date().toISOString(), ms, host, act };
    const event = { ...what, ...stamp } as PhaulEvent;
    for (const listener of listeners) listener(event);
  };
}
