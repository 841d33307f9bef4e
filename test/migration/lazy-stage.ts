import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NamespaceHost } from '../lab/namespace-host.ts';
import type { Lab } from '../lab/lab.ts';

const sources = join(import.meta.dirname, 'lazy-work');

/** Where the work says what it found. It goes along with the process. */
export const job = '/srv/job';

/** Shell text that lists its processes. */
export const lazyWork = "pgrep -f '^/?lazy-work '";

/** Puts the program lazy-work on hosts a and b, and on b what tells it that it is the target. */
export function installLazyWork(lab: Lab): void {
  const directory = mkdtempSync('/tmp/phaul-lazy-work-');
  const program = join(directory, 'lazy-work');
  try {
    const files = readdirSync(sources).filter((name) => name.endsWith('.c'));
    const paths = files.map((name) => join(sources, name));
    execFileSync('gcc', ['-O2', '-static', '-pthread', '-o', program, ...paths]);
    for (const host of [lab.host('a'), lab.host('b')])
      copyFileSync(program, join(host.root, 'usr/local/bin/lazy-work'));
    writeFileSync(join(lab.host('b').root, 'run/lazy-target'), '');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Ends the work, wherever it is, and removes all it has. Whoever is just being forked is met in the next turn. */
export async function clearLazyWork(lab: Lab): Promise<void> {
  for (const host of [lab.host('a'), lab.host('b')])
    await host.sh(
      `while pgrep -x lazy-work >/dev/null; do pkill -KILL -x lazy-work || true; sleep 0.01; done
      rm -rf ${job} /srv/.phaul-left-job`,
      { timeoutMs: 60_000 },
    );
}

/** Starts it in a session of its own; gives its pid when it has been through once. Its pids are high, to be free on the other host. */
export async function startLazyWork(host: NamespaceHost, work: string): Promise<string> {
  const pid = await host.sh(`
    mkdir ${job}; echo 20000 >/proc/sys/kernel/ns_last_pid
    setsid lazy-work ${work} ${job} </dev/null >/dev/null 2>&1 & echo $!
    until ${lazyWork} >/dev/null; do sleep 0.01; done`);
  await rightAgain(host, 1);
  return pid;
}

const patienceMs = 120_000;

/** Waits until all of its memory has been found right so many times more. @throws Error with what was wrong */
export async function rightAgain(host: NamespaceHost, times: number, directory = job): Promise<void> {
  const deadline = Date.now() + patienceMs;
  let wanted: number | null = null;
  for (;;) {
    const state = await host.sh(`
      cat ${directory}/rounds 2>/dev/null || echo 0
      cat ${directory}/wrong 2>/dev/null || true
      ${lazyWork} >/dev/null || echo 'it does not run'`);
    const [rounds = '', ...wrong] = state.split('\n');
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    wanted ??= Number(rounds) + times;
    if (Number(rounds) >= wanted) return;
    if (Date.now() > deadline) throw new Error(`it stands still at ${rounds}`);
    await sleep(20);
  }
}

/** Shell text that gives the pid of phaul's service on a host; a program that it is just starting still bears its name. */
const servicePid = "pgrep -o -f '^node .*/main.js service --stdio$'";

/**
 * Shell text that waits until CRIU hands memories over to the service on that host, which runs already; its pid is in $service then. Before others
 * on a loaded machine. It ends the script if the service ends first.
 */
const untilHandOver = `
  renice -n -15 -p $$ >/dev/null
  service=$(${servicePid})
  handed() { [ -e /run/phaul/*-target/images/checkpoint/lazy-pages.socket ]; }
  until handed 2>/dev/null; do kill -0 $service 2>/dev/null || exit 0; sleep 0.005; done`;

/**
 * Lets the service on a host run for a few milliseconds out of each twenty, from the hand-over of the memory on for a second or two, so
 * that the fill takes long and everything comes between. It may miss it on a loaded machine.
 */
export function slowFill(host: NamespaceHost): Promise<unknown> {
  return host.sh(
    `${untilHandOver}
    turns=0
    while [ $turns -lt 100 ] && kill -STOP $service 2>/dev/null; do
      sleep 0.01; kill -CONT $service 2>/dev/null || true; sleep 0.003; turns=$((turns + 1))
    done`,
    { timeoutMs: 150_000 },
  );
}

/**
 * Slows the fill on a host down as slowFill() does, and stops it for good when `now` has come, before all is in place. Gives the service's pid.
 */
export async function stopFill(host: NamespaceHost, now: () => Promise<unknown>): Promise<string> {
  const flag = join(host.root, 'run/lazy-stop');
  const slow = host.sh(
    `${untilHandOver}
    while kill -STOP $service; do
      [ ! -e /run/lazy-stop ] || { echo $service; exit; }
      sleep 0.04; kill -CONT $service; sleep 0.004
    done`,
    { timeoutMs: 150_000 },
  );
  await now();
  try {
    await writeFile(flag, '');
    return await slow;
  } finally {
    await rm(flag);
  }
}
