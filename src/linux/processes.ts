import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** All processes of a tree, the root first, as pids of this host. Empty if there is no such process. */
export async function processTree(root: number): Promise<number[]> {
  const children = await readFile(`/proc/${root}/task/${root}/children`, 'utf8').catch(() => null);
  if (children === null) return [];
  const tasks = await readdir(`/proc/${root}/task`).catch(() => [String(root)]);
  const lists = await Promise.all(
    tasks.map((tid) => readFile(`/proc/${root}/task/${tid}/children`, 'utf8').catch(() => '')),
  );
  const pids = lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
  return [root, ...(await Promise.all(pids.map(processTree))).flat()];
}

const deathMs = 10_000;

/** Kills a tree, root and all, and waits until nobody in it can run an instruction. @throws Error if that takes over 10 s */
export async function killTree(root: number): Promise<void> {
  const pids = await processTree(root);
  for (const pid of pids) signal(pid, 'SIGKILL');
  await allDead(pids);
}

/** Waits until none of these processes can run an instruction. @throws Error if that takes over 10 s */
export async function allDead(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + deathMs;
  for (let left = await living(pids); left.length > 0; left = await living(left)) {
    if (performance.now() > deadline) throw new Error(`process ${left.join(', ')} does not die`);
    await sleep(5);
  }
}

async function living(pids: readonly number[]): Promise<number[]> {
  const starts = await Promise.all(pids.map(processStart));
  return pids.filter((_, index) => starts[index] !== null);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended.
  }
}

/** Start time of a process in clock ticks since boot, or null if there is none, or it has ended and waits for its parent. */
export async function processStart(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === 'Z' || state === 'X' ? null : (fields[18] ?? null);
}

/** Whether a process has memory whose missing pages somebody else puts in place (proc(5), smaps: VmFlags, userfaultfd missing). */
export async function isWatched(pid: number): Promise<boolean> {
  const smaps = await readFile(`/proc/${pid}/smaps`, 'utf8').catch(() => '');
  return /^VmFlags:.* um( |$)/m.test(smaps);
}

/** Whether two processes share a namespace of that kind (`net`, `pid`, `mnt`, …). */
export async function sameNamespace(
  kind: string,
  one: number | 'self',
  other: number | 'self',
): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((pid) => readlink(`/proc/${pid}/ns/${kind}`)));
  return a === b;
}

const namedNetworkNamespaces = '/run/netns';

/** The path in /run/netns of a process's network namespace, or null if it has no name there or is this host's own. */
export async function networkNamespacePath(pid: number): Promise<string | null> {
  if (await sameNamespace('net', pid, 'self')) return null;
  const inode = await namespaceInode(`/proc/${pid}/ns/net`);
  for (const name of await readdir(namedNetworkNamespaces).catch(() => [])) {
    const path = `${namedNetworkNamespaces}/${name}`;
    if ((await namespaceInode(path)) === inode) return path;
  }
  return null;
}

/** CRIU's words for a network namespace that it must neither dump nor create: on the dump … (criu: --external net[inode]:key) */
export const externalNetworkKey = 'extRootNetNS';
export async function externalNetwork(path: string): Promise<string> {
  return `net[${await namespaceInode(path)}]:${externalNetworkKey}`;
}

async function namespaceInode(path: string): Promise<number | null> {
  return stat(path).then(
    ({ ino }) => ino,
    () => null,
  );
}

/** Files that any of the processes has mapped shared and writable, by their paths in the container. */
export async function sharedWritableFiles(pids: readonly number[]): Promise<string[]> {
  const maps = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '')));
  const lines = maps.flatMap((text) => text.split('\n'));
  const paths = lines.flatMap((line) => /^\S+ .w.s \S+ \S+ [1-9]\d* +(\/.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(paths)];
}

/**
 * Private memory that forked processes share as long as nobody writes it, counted once for each process but the first, in bytes: what they would need
 * in addition if each had a copy of its own.
 */
export async function sharedByFork(pids: readonly number[]): Promise<number> {
  const texts = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')),
  );
  const kilobytes = (text: string, field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
  // proc(5): Pss_Anon counts each page by the number of its users.
  return (
    texts.reduce((sum, text) => sum + kilobytes(text, 'Anonymous') - kilobytes(text, 'Pss_Anon'), 0) * 1024
  );
}

/** Resident memory of the processes together, in bytes; shared pages count for each, so it is at least what a dump holds. */
export async function residentBytes(pids: readonly number[]): Promise<number> {
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')));
  const kilobytes = texts.map((text) => Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0));
  return kilobytes.reduce((sum, each) => sum + each, 0) * 1024;
}
