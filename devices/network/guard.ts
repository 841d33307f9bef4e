import { spawn } from 'node:child_process';

/** Someone who reopens the container's network if phaul is killed while the container is frozen: CRIU then lets it run on here. */
export interface Guard {
  /** Takes microseconds. */
  readonly arm: () => void;
  /** No longer needed, or no longer wanted: from the commit on the network must stay shut. Idempotent. */
  readonly dismiss: () => void;
}

// Standard input ends when phaul does. $1: commands of `bridge`, $2: commands of `ip`.
const watch =
  'read -r word && [ "$word" = arm ] || exit 0; cat >/dev/null; printf "%s" "$1" | bridge -batch -; printf "%s" "$2" | ip -batch -';

export function startGuard(reopen: {
  readonly bridge: readonly string[];
  readonly ip: readonly string[];
}): Guard {
  const commands = [reopen.bridge.join('\n'), reopen.ip.join('\n')];
  const child = spawn('/bin/sh', ['-c', watch, 'sh', ...commands], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  // It keeps no process of phaul's alive.
  child.unref();
  (child.stdin as unknown as { unref: () => void }).unref();
  return {
    arm: () => void child.stdin.write('arm\n'),
    dismiss: () => {
      try {
        if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
          process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    },
  };
}
