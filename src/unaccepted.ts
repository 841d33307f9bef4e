import { PhaulError } from './errors.ts';

/** A server at work accepts within milliseconds: after so many it is not waited for any more. */
export const acceptMs = 2000;

/** @param waiting sockets at which connections wait; not none */
export function connectionsWaiting(
  waiting: readonly { readonly port: number; readonly unaccepted: number }[],
): PhaulError {
  const ports = waiting.map(({ port, unaccepted }) => `${unaccepted} at port ${port}`).join(', ');
  return new PhaulError(
    'CONNECTIONS_WAITING',
    `The container does not accept the connections that wait for it: ${ports}.`,
    { host: 'source' },
  );
}
