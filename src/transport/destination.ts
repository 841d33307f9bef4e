import { PhaulError } from '../errors.ts';

/** Where to migrate to, as ssh understands it: `[user@]host[:port]`. */
export interface Destination {
  readonly user?: string;
  readonly host: string;
  readonly port?: number;
}

/** Accepts `[user@]host[:port]` and `[user@][v6address]:port`. @throws USAGE */
export function parseDestination(text: string): Destination {
  // Neither part may begin with a dash: ssh would read it as an option.
  const match =
    /^(?:([A-Za-z0-9_][\w.-]*)@)?(?:\[([0-9A-Fa-f:.%\w]+)\]|([A-Za-z0-9_][\w.-]*|[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f.]*))(?::(\d{1,5}))?$/.exec(
      text,
    );
  const host = match?.[2] ?? match?.[3];
  const port = match?.[4] === undefined ? undefined : Number(match[4]);
  if (!match || !host || (port !== undefined && (port < 1 || port > 65535)))
    throw new PhaulError('USAGE', `${JSON.stringify(text)} is not a destination.`, {
      hint: 'Write [user@]host[:port].',
    });
  return { host, ...(match[1] ? { user: match[1] } : {}), ...(port === undefined ? {} : { port }) };
}
