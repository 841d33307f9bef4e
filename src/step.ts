import { channel } from 'node:diagnostics_channel';

const steps = channel('phaul:step');

/**
 * Says that a step of the protocol between the two hosts is about to be done: a message, a record, a request to CRIU. Costs nothing unless somebody
 * has subscribed to the diagnostics channel `phaul:step`, as the tests do that kill phaul at each of them.
 */
export function step(name: string): void {
  if (steps.hasSubscribers) steps.publish(name);
}
