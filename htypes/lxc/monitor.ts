import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import { awaitStandIn, standInEnvironment, standInSocket } from '../../src/criu/stand-in.ts';
import { asPhaulError, PhaulError } from '../../src/errors.ts';
import { processStart } from '../../src/linux/processes.ts';
import type { LxcMeta } from './meta.ts';
import { type NewTerminal, ownTerminals } from '../common/terminals.ts';
import { makeTerminals } from './terminals.ts';

/** LXC's monitor of a container that is yet to be restored; or, afterwards, has been. */
export interface Monitor {
  /** Where what is to become CRIU waits, as a child of the monitor. */
  readonly standIn: string;
  /** What LXC says to CRIU with that option. */
  readonly said: (option: string) => string[];
  /** Those of the container-to-be. */
  readonly terminals: readonly NewTerminal[];
  /** The root file system is another directory than before. */
  readonly mountAgain: (rootfs: string) => Promise<void>;
  /** CRIU has ended. @throws if LXC did not take its container over */
  readonly settled: () => Promise<void>;
  /** No restore, or one that failed: gives when LXC has taken everything away. */
  readonly dismiss: () => Promise<void>;
}

const patienceMs = 10_000;

/** @throws DRIVER_FAILED with what LXC says */
export async function startMonitor(
  id: string,
  { config, lxcPath, links, terminals: wanted }: Pick<LxcMeta, 'config' | 'lxcPath' | 'links' | 'terminals'>,
  ctx: DriverContext,
): Promise<Monitor> {
  const images = join(ctx.directory, 'lxc');
  const log = join(ctx.directory, 'lxc.log');
  const rcfile = join(ctx.directory, 'lxc.conf');
  await mkdir(images, { recursive: true });
  const pairs = links.map(({ net, name }) => `lxc.net.${net}.veth.pair = ${name}`);
  // Those that it believes to have made would be its death when somebody asks it something (src/lxc/terminal.c, lxc_terminal_free). And it makes one for the console only where
  // the container is to have a single one, not where it would take that from the container's own (lxc_terminal_parent).
  const terminals = ['lxc.tty.max = 0', 'lxc.pty.max = 1'];
  await writeFile(rcfile, [config, ...pairs, ...terminals, ''].join('\n'));
  const standIn = standInSocket(ctx.directory);
  const environment = Object.entries(standInEnvironment(standIn)).map((pair) => pair.join('='));
  const failure = async (cause: unknown): Promise<PhaulError> => {
    // What comes after the first error is what that led to.
    const said = / ERROR +(.*)/.exec(await readFile(log, 'utf8').catch(() => ''))?.[1];
    return new PhaulError(
      'DRIVER_FAILED',
      `LXC on the target cannot restore ${id}: ${(said || asPhaulError(cause).message).replace(/\.$/, '')}.`,
      { cause },
    );
  };
  const lxc = [
    'lxc-checkpoint',
    '-r',
    '-n',
    id,
    '-P',
    lxcPath,
    '-D',
    images,
    '--rcfile',
    rcfile,
    '-o',
    log,
    '-l',
    'WARN',
  ];
  const making = makeTerminals(wanted);
  const nobody = new AbortController();
  // It ends when CRIU does, whose place the stand-in has: not to be killed, because LXC would leave things behind.
  const ending = ctx
    .run('env', [...environment, ...lxc], { abortable: false, quiet: true, descriptors: making.descriptors })
    .finally(() => nobody.abort());
  ending.catch(() => undefined);
  making.close();
  const waiting = await awaitStandIn(standIn, AbortSignal.any([nobody.signal, ctx.signal])).catch(
    async (cause: unknown) => {
      if (ctx.signal.aborted && !nobody.signal.aborted) return abandon(standIn, ending, nobody.signal, cause);
      throw await failure(await ending.catch((reason: unknown) => reason));
    },
  );
  const said = (option: string): string[] =>
    waiting.args.flatMap((word, at) => (waiting.args[at - 1] === option ? [word] : []));
  const [root = ''] = said('--root');
  // Without one it says `console:` all the same, but no path.
  const console =
    said('--ext-mount-map')
      .find((map) => map.startsWith('console:'))
      ?.slice('console:'.length) || undefined;
  const inside = (...command: string[]): Promise<string> =>
    ctx.run('nsenter', [`--mount=/proc/${waiting.pid}/ns/mnt`, '--', ...command]);
  const monitor: Monitor = {
    standIn,
    said,
    terminals: making.with(console),
    mountAgain: async (rootfs) => {
      await inside('umount', '-l', root);
      await inside('mount', '--bind', rootfs, root);
    },
    settled: async () => {
      await ending.catch(async (cause: unknown) => {
        throw await failure(cause);
      });
    },
    dismiss: async () => {
      waiting.dismiss();
      const born = await processStart(waiting.pid);
      const late = setTimeout(() => {
        // It has become something that does not end.
        void processStart(waiting.pid).then((start) => {
          if (start !== null && start === born) process.kill(waiting.pid, 'SIGKILL');
        });
      }, patienceMs);
      await ending.catch(() => undefined);
      clearTimeout(late);
    },
  };
  try {
    if (monitor.terminals.length < wanted.length)
      throw new PhaulError('DRIVER_FAILED', 'LXC on the target has made no console for the container.', {
        hint: 'The container has one: see what its configuration, and what that includes on the target, say of lxc.console.path now.',
      });
    await ownTerminals(monitor.terminals);
    // Mounts that followed the host's on the source need something here that they can follow (criu/mount-v2.c, restore_one_sharing). Nobody else sees these.
    if (!(await followed(waiting.pid, root))) await inside('mount', '--make-rshared', '/');
    return monitor;
  } catch (error) {
    await monitor.dismiss();
    throw error;
  }
}

/** Nobody wants it any more, and it has not come yet: it comes and is sent away. */
async function abandon(
  standIn: string,
  ending: Promise<unknown>,
  ended: AbortSignal,
  cause: unknown,
): Promise<never> {
  await awaitStandIn(standIn, ended).then(
    ({ dismiss }) => dismiss(),
    () => undefined,
  );
  await ending.catch(() => undefined);
  throw cause;
}

/** Whether a mount that a process sees is a slave, or others can be slaves of it. */
async function followed(pid: number, path: string): Promise<boolean> {
  const lines = (await readFile(`/proc/${pid}/mountinfo`, 'utf8')).split('\n');
  const mount = lines.findLast((line) => line.split(' ')[4] === path) ?? '';
  return / (shared|master):\d+ /.test(mount.split(' - ')[0] + ' ');
}
