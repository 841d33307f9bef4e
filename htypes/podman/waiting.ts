import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DriverContext } from '../../src/contracts/context.ts';
import { awaitStandIn } from '../../src/criu/stand-in.ts';
import { PhaulError } from '../../src/errors.ts';
import { killTree, processStart } from '../../src/linux/processes.ts';
import { lastLine } from '../../src/run.ts';
import type { NewTerminal } from '../common/terminals.ts';
import { type OciRuntime, type OciState, stateDirectory } from '../oci/runtime.ts';
import { vacate, type Vacancy } from '../oci/vacate.ts';
import { mountAnew } from './fresh-root.ts';
import { inspect, podmanHost } from './inspect.ts';
import type { PodmanMeta } from './meta.ts';
import { staticDirectory } from './places.ts';
import { type StandIns, writeStandIns } from './stand-ins.ts';
import { makeTerminal } from './terminal.ts';

// podman gives conmon this long to tell the pid (libpod/define/runtime.go, ContainerCreateTimeout); some of it is left for what follows the commit.
const patienceMs = 240_000 - 30_000;

// It ends by itself before that: unless it waits for a lock, or for a file system, for which it has no limit.
const podmanMs = 300_000;

// A runtime makes a container in a tenth of a second.
const runtimeMs = 30_000;

/** podman, in the middle of restoring the container: all is made but its first process, for which conmon waits. */
export interface Waiting {
  /** Where conmon's child waits to become CRIU. */
  readonly socket: string;
  /** Its pid; its standard files are conmon's pipes. */
  readonly pid: number;
  /** What the runtime has made for it. */
  readonly state: OciState;
  /** The container's, made anew. */
  readonly terminals: readonly NewTerminal[];
  /** The first process is in its cgroup, in which this one's need not be any more. */
  readonly placed: () => Promise<void>;
  /** The first process exists. conmon learns its pid when CRIU ends. @throws DRIVER_FAILED if podman waits no more */
  readonly taken: (pid: number) => Promise<void>;
  /** CRIU has ended: podman knows the container as running. @throws DRIVER_FAILED with podman's words */
  readonly ended: () => Promise<void>;
  /** Nothing comes of it: podman takes back what it made. */
  readonly dismiss: () => Promise<void>;
}

/** @throws DRIVER_FAILED if podman cannot make all that */
export async function startWaiting(
  meta: PodmanMeta,
  runtime: OciRuntime,
  ctx: DriverContext,
): Promise<Waiting> {
  const { host } = await podmanHost(ctx, '--runtime', meta.config.runtime);
  const standIns = await writeStandIns(
    { conmon: host.conmon.path, runtime: host.ociRuntime.path },
    ctx.directory,
  );
  const words = join(ctx.directory, 'podman', 'podman.log');
  const { merged, asItIs } = await giveConfiguration(meta, ctx);
  const began = performance.now();
  const args = ['--conmon', standIns.conmon, 'container', 'restore', meta.id];
  // Its output goes to a file: conmon would keep a pipe open.
  const script = 'log=$1; shift; exec podman "$@" >"$log" 2>&1';
  const podman = ctx.attempt('sh', ['-c', script, 'sh', words, ...args], {
    quiet: true,
    abortable: false,
    limitMs: podmanMs,
  });
  const failure = async (): Promise<PhaulError> => {
    const said = lastLine(await readFile(words, 'utf8').catch(() => ''));
    // What follows are bytes of conmon's that have not come.
    const known = said.includes('no logs from conmon') ? 'conmon has ended too early' : said;
    const reason = expired ? `it had not done so after ${podmanMs / 1000} s` : known;
    return new PhaulError('DRIVER_FAILED', `podman on the target cannot restore the container: ${reason}.`, {
      host: 'target',
    });
  };
  const gone = new AbortController();
  let expired = false;
  podman.then(
    (end) => {
      expired = end.expired;
      gone.abort();
    },
    () => gone.abort(),
  );
  const takenBack = async (): Promise<void> => {
    await podman.catch(() => undefined);
    await runtimeEnded(standIns);
    // Made after podman had given it up.
    if (existsSync(stateDirectory(runtime, meta.id)))
      await ctx.run(runtime.name, ['delete', '--force', meta.id], { abortable: false });
    // conmon leaves it where no terminal has come.
    const socket = await readFile(standIns.consoleFile, 'utf8').catch(() => null);
    if (socket !== null) await rm(socket, { force: true });
  };
  // Not given up when the migration is: podman takes nothing back before there is one that can be dismissed.
  const standIn = await awaitStandIn(standIns.socket, gone.signal).catch(async () => {
    await takenBack();
    throw await failure();
  });
  let vacancy: Vacancy | null = null;
  let state: OciState;
  const terminals: NewTerminal[] = [];
  try {
    // Before anything that may fail: conmon, told of a failure, waits until nobody has its pipe for errors any more, and this process has it.
    vacancy = await vacate(runtime, meta.id);
    await asItIs();
    for (const terminal of meta.terminals)
      terminals.push(await makeTerminal(terminal, await readFile(standIns.consoleFile, 'utf8')));
    await mountAnew(merged, meta.graphRoot, ctx);
    state = await runtime.readState(meta.id);
  } catch (error) {
    // If conmon has ended, podman takes away what is used here, and knows why.
    const deserted = standIn.gone();
    await vacancy?.end();
    standIn.dismiss();
    await takenBack();
    throw deserted ? await failure() : error;
  }
  return {
    state,
    socket: standIns.socket,
    pid: standIn.pid,
    terminals,
    placed: vacancy.end,
    taken: async (pid) => {
      if (gone.signal.aborted || performance.now() - began > patienceMs) throw await failure();
      const file = await readFile(standIns.pidFile, 'utf8');
      await writeFile(`${file}.phaul`, String(pid));
      await rename(`${file}.phaul`, file);
    },
    ended: async () => {
      if ((await podman).exitCode !== 0) throw await failure();
    },
    dismiss: async () => {
      await vacancy.end();
      standIn.dismiss();
      await takenBack();
    },
  };
}

/** It goes on though whoever called it has been killed, and makes the container. */
async function runtimeEnded({ runtimePid }: StandIns): Promise<void> {
  const [pid, start] = (await readFile(runtimePid, 'utf8').catch(() => '')).trim().split(' ');
  const limit = performance.now() + runtimeMs;
  // Long after it has ended another process may have its pid.
  while (start !== undefined && (await processStart(Number(pid))) === start) {
    if (performance.now() > limit) return killTree(Number(pid));
    await sleep(20);
  }
}

/** What the runtime starts it with: as on the source, but for the place of its root, and without a terminal, which it gets otherwise. */
async function giveConfiguration(
  meta: PodmanMeta,
  ctx: DriverContext,
): Promise<{
  /** The place of its root. */
  readonly merged: string;
  /** The runtime has read it: podman reads it, too, when it is asked what the container is like. */
  readonly asItIs: () => Promise<void>;
}> {
  const directory = staticDirectory(meta.graphRoot, meta.id);
  const { WorkDir = '' } = (await inspect(meta.id, ctx)).GraphDriver.Data;
  const merged = join(WorkDir, '../merged');
  const spec = { ...meta.spec, root: { ...(meta.spec['root'] as object), path: merged } };
  const give = (spec: object): Promise<void> =>
    writeFile(join(directory, 'config.json'), JSON.stringify(spec));
  await give({ ...spec, process: { ...(meta.spec['process'] as object), terminal: false } });
  // podman looks for this before it begins.
  await mkdir(join(directory, 'checkpoint'), { recursive: true });
  await writeFile(join(directory, 'checkpoint', 'inventory.img'), '');
  return { merged, asItIs: () => give(spec) };
}
