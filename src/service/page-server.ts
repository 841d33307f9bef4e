import { mkdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { criuFailure } from '../criu/failure.ts';
import { iterationName, pageServerRequest } from '../criu/requests.ts';
import { startSwrk } from '../criu/swrk.ts';

/** CRIU's page server at the end of one stream of the mem channel, for all iterations of a migration. */
export interface PageServer {
  /** Take the pages of one iteration, into a directory of its own. Resolves when CRIU listens. @throws CRIU_DUMP */
  readonly take: (iteration: number, parent: number | null) => Promise<void>;
  /** Ends it, in the middle of an iteration too. Idempotent. */
  readonly end: () => Promise<void>;
}

export async function pageServer(
  stream: Socket,
  options: {
    readonly criuPath: string;
    readonly images: string;
    readonly migration: string;
    readonly autoDedup: boolean;
  },
): Promise<PageServer> {
  const swrk = await startSwrk({ criuPath: options.criuPath, stdin: stream });
  // Each iteration's server is a child of swrk that swrk does not reap, so its pid stays its own until swrk ends.
  const children: number[] = [];
  return {
    take: async (iteration, parent) => {
      const directory = join(options.images, iterationName(iteration));
      await mkdir(directory, { mode: 0o700 });
      const answer = await swrk.request(pageServerRequest(directory, parent, options.autoDedup));
      if (answer.ps?.pid) children.push(answer.ps.pid);
      if (answer.success) return;
      const where = {
        log: join(directory, 'page-server.log'),
        migration: options.migration,
        name: 'page-server',
      };
      throw await criuFailure('CRIU_DUMP', "CRIU's page server did not start.", { ...where, host: 'target' });
    },
    end: async () => {
      for (const pid of children.splice(0)) kill(pid);
      await swrk.end();
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
