import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { postSentry } from '../sentry.ts';

/** Someone who runs `phaul recover` on this host if phaul is killed: the container is stopped, and nobody else would start it again. */
export interface Guard {
  /** No longer needed, or no longer wanted. Idempotent. */
  readonly dismiss: () => void;
}

const watch = 'cat >/dev/null; exec "$@"';

const main = fileURLToPath(new URL(`../cli/main${extname(import.meta.url)}`, import.meta.url));

export function postGuard(): Guard {
  return { dismiss: postSentry(watch, [process.execPath, ...process.execArgv, main, 'recover']).kill };
}
