import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processStart } from './linux/processes.ts';
import { run } from './run.ts';

const base = '/run/phaul';

/** The directory of one migration on one host: images on a tmpfs, sockets, scratch space of the drivers. */
export interface Workspace {
  readonly directory: string;
  /** Image directories, one per iteration; on a tmpfs of its own unless the user named another place. */
  readonly images: string;
  readonly scratch: string;
  /**
   * Notes the command that undoes a deed if this process is killed. Gives what takes the note back, for when the deed has been undone or
   * must not be undone any more. Durable when it returns.
   */
  readonly noteWill: (command: string, args: readonly string[]) => () => void;
  /** There is only forward from here: nothing must be undone any more if this process is killed. Durable when it returns. */
  readonly burnWill: () => void;
  /** Removes everything (the images too, unless `keepImages`). Idempotent. */
  readonly remove: (options?: { readonly keepImages?: boolean }) => Promise<void>;
}

/**
 * @param id the migration's id: letters, digits and - only, checked where it enters.
 * @param imagePath --img-path: an existing directory below which the images go instead of a tmpfs.
 */
export async function createWorkspace(
  id: string,
  role: 'source' | 'target',
  imagePath?: string,
): Promise<Workspace> {
  await sweepAbandoned();
  const directory = join(base, `${id}-${role}`);
  const images = imagePath ? join(imagePath, `phaul-${id}`) : join(directory, 'images');
  const scratch = join(directory, 'scratch');
  const owner = JSON.stringify(await identity(process.pid));
  // Without a pause: a directory without an owner would stay for ever if phaul were killed now.
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(join(directory, 'owner'), owner);
  await mkdir(images, { recursive: true, mode: 0o700 });
  // Not the host's /run: that is often limited to a tenth of the memory.
  if (!imagePath) await run('mount', ['-t', 'tmpfs', '-o', 'size=100%,mode=700', 'phaul', images]);
  await mkdir(scratch);
  return {
    directory,
    images,
    scratch,
    noteWill: (command, args) => noteWill(directory, command, args),
    burnWill: () => rmSync(lastWill(directory), { force: true }),
    remove: async ({ keepImages = false } = {}) => {
      if (imagePath && !keepImages) await rm(images, { recursive: true, force: true });
      if (!imagePath) await unmount(images);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Where a workspace keeps what undoes the deeds: one command as a JSON array a line, the last deed's to be run first. */
const lastWill = (directory: string): string => join(directory, 'if-killed');

/** As `Workspace.noteWill`. @param directory the workspace's */
export function noteWill(directory: string, command: string, args: readonly string[]): () => void {
  const line = `${JSON.stringify([command, ...args])}\n`;
  appendFileSync(lastWill(directory), line);
  return () => {
    const path = lastWill(directory);
    if (!existsSync(path)) return;
    writeFileSync(`${path}.new`, readFileSync(path, 'utf8').replace(line, ''));
    renameSync(`${path}.new`, path);
  };
}

/** Undoes and removes what a phaul that was killed left behind: workspaces whose owner no longer lives. */
export async function sweepAbandoned(): Promise<void> {
  for (const name of await readdir(base).catch(() => [])) {
    const directory = join(base, name);
    const owner = await readFile(join(directory, 'owner'), 'utf8').catch(() => null);
    if (owner === null) continue;
    // Empty: its owner is just writing it.
    const pid = Number(/^\{"pid":(\d+)/.exec(owner)?.[1]);
    if (!pid || owner === JSON.stringify(await identity(pid))) continue;
    // Ours now; another sweeper at the same moment does the same work, which does no harm.
    const mine = JSON.stringify(await identity(process.pid));
    const taken = await writeFile(join(directory, 'owner'), mine).then(
      () => true,
      () => false,
    );
    // Another sweeper was quicker.
    if (!taken) continue;
    await executeWill(directory);
    await unmountBelow(directory);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function executeWill(directory: string): Promise<void> {
  const lines = (await readFile(lastWill(directory), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  for (const line of lines.reverse()) {
    const [command = '', ...args] = JSON.parse(line) as string[];
    // What has been undone already fails here, and that is fine.
    await run(command, args).catch(() => undefined);
  }
}

/** A pid and its start time, which together name a process for as long as the host is up (proc(5), stat field 22). */
async function identity(pid: number): Promise<{ pid: number; start: string }> {
  return { pid, start: (await processStart(pid)) ?? '' };
}

async function unmountBelow(directory: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.reverse()) if (mount.startsWith(`${directory}/`)) await unmount(mount);
}

/** Lazily, so that a straggler's open file cannot keep it; not being a mount is fine. */
async function unmount(path: string): Promise<void> {
  await run('umount', ['-l', path]).catch(() => undefined);
}
