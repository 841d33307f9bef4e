import { uncaught } from './crash.ts';

/**
 * The one object on stdout of a command that no events come from; the last that it does. If something has failed by then that nobody caught, the object may be wrong, and
 * the error's result is what stdout gets (main.ts): never both.
 */
export function answer(object: object): void {
  if (!uncaught()) process.stdout.write(`${JSON.stringify(object)}\n`);
}
