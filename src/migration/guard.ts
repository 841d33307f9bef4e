import { spawn } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Someone who runs `phaul recover` on this host if phaul is killed: the container is stopped, and nobody else would start it again. */
export interface Guard {
  /** No longer needed, or no longer wanted. Idempotent. */
  readonly dismiss: () => void;
}

// Standard input ends when phaul does.
const watch = 'read -r word; [ "$word" = dismissed ] || exec "$@"';

const main = fileURLToPath(new URL(`../cli/main${extname(import.meta.url)}`, import.meta.url));

export function postGuard(): Guard {
  const recover = [process.execPath, ...process.execArgv, main, 'recover'];
  const child = spawn('/bin/sh', ['-c', watch, 'sh', ...recover], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  // It keeps no process of phaul's alive.
  child.unref();
  (child.stdin as unknown as { unref: () => void }).unref();
  return { dismiss: () => void child.stdin.end('dismissed\n') };
}
