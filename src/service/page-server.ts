import { mkdir, readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { criuFailure } from '../criu/failure.ts';
import { iterationName, pageServerRequest } from '../criu/requests.ts';
import { startSwrk } from '../criu/swrk.ts';
import type { PhaulError } from '../errors.ts';

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
    /** A server failed while it took pages. What the source sees is only that the stream has ended. */
    readonly onFailure: (error: PhaulError) => void;
  },
): Promise<PageServer> {
  const swrk = await startSwrk({ criuPath: options.criuPath, stdin: stream });
  // Each iteration's server is a child of swrk that swrk does not reap, so its pid stays its own until swrk ends.
  const children: number[] = [];
  let watch = new AbortController();
  const failure = (message: string, iteration: number): Promise<PhaulError> =>
    criuFailure('CRIU_DUMP', message, {
      log: join(options.images, iterationName(iteration), 'page-server.log'),
      migration: options.migration,
      name: 'page-server',
      host: 'target',
    });
  /** A server that fails leaves its stream open, for swrk has it too: CRIU on the source would wait for ever to be read. */
  const lookAfter = async (pid: number, iteration: number, { signal }: AbortController): Promise<void> => {
    let code: number | null = null;
    while (code === null && !signal.aborted) {
      await sleep(lookEveryMs, undefined, { ref: false });
      code = await exitCode(pid);
    }
    if (code === 0 || signal.aborted) return;
    options.onFailure(await failure("CRIU's page server failed.", iteration));
    await swrk.end();
  };
  return {
    take: async (iteration, parent) => {
      watch.abort();
      const directory = join(options.images, iterationName(iteration));
      await mkdir(directory, { mode: 0o700 });
      const answer = await swrk.request(pageServerRequest(directory, parent, options.autoDedup));
      const pid = answer.ps?.pid;
      if (pid) children.push(pid);
      if (!answer.success) throw await failure("CRIU's page server did not start.", iteration);
      watch = new AbortController();
      if (pid) void lookAfter(pid, iteration, watch);
    },
    end: async () => {
      watch.abort();
      for (const pid of children.splice(0)) kill(pid);
      await swrk.end();
    },
  };
}

const lookEveryMs = 250;

/** With what a process ended for which its parent has not asked yet (proc(5), stat field 52); null as long as it runs. */
async function exitCode(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? Number(fields[48]) : null;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
