import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CriuResponse } from '../../criu-proto/messages.ts';
import { logNames } from '../criu/log.ts';
import { dumpRequest } from '../criu/requests.ts';
import { asPhaulError, type PhaulError } from '../errors.ts';
import { type Listeners, listenersOf } from '../linux/listening.ts';
import { unacceptedUnix } from '../linux/unix-queues.ts';
import { acceptMs, connectionsWaiting } from '../unaccepted.ts';
import { dumping } from './dumping.ts';
import type { Armed } from './iterate.ts';
import type { Migration } from './migration.ts';
import type { Plan } from './preflight.ts';
import { criuChoices, startCriu } from './prepare.ts';
import { standstill } from './standstill.ts';

/** CRIU at the last dump. */
export interface LastDump {
  /** What CRIU says at the end. @throws CRIU_DIED, CRIU_DUMP if it hung, or CONNECTIONS_WAITING, and the container runs on */
  readonly answer: Promise<CriuResponse>;
  /** For how long the container has stood still, in milliseconds. */
  readonly stillMs: () => number;
  /** Ends CRIU, and with it the dump. */
  readonly end: () => Promise<void>;
}

interface Hooks {
  /** Hears CRIU's notifications; network-lock only when the dump goes on. */
  readonly onNotify: (script: string) => Promise<boolean>;
  /** Holds the container before a CRIU that hangs is killed: it would run with its connections in CRIU's hands. */
  readonly hold: () => Promise<void>;
}

type Verdict = 'yes' | 'not yet' | PhaulError;

// For so long, at least, the container runs undisturbed between two attempts.
const pauseMs = 5;

/**
 * Dumps the container when each connection between its own processes is a process's. Over the loopback, and at Unix sockets, nobody can be kept from
 * connecting; and that nothing is under way shows only when every task stands still. If something is, CRIU lets them run on, before it has dumped
 * anything, and another CRIU tries again. Without a network of its own the container is dumped at the first attempt: CRIU does not say when it
 * stands still.
 */
export function lastDump(
  m: Migration,
  plan: Plan,
  { swrk: first, pages, directory, parent }: Armed,
  { onNotify, hold }: Hooks,
): LastDump {
  const { pid } = plan.container;
  const choices = criuChoices(m);
  const request = dumpRequest({ directory, pid, settings: plan.dump, choices, parent });
  const began = performance.now();
  let swrk = first;
  let still = standstill(m);

  /** Every task stands still: may the dump go on? */
  const verdict = async ({ look }: Listeners): Promise<Verdict> => {
    // A TCP connection that nobody has accepted CRIU cannot dump (criu/sk-inet.c:175), but it closes it if it is to close them all.
    const tcp = choices.tcp === 'keep' ? look().filter(({ unaccepted }) => unaccepted > 0) : [];
    // A Unix one only if something was said in it (criu/sk-unix.c:506), which does not show here.
    const unix = await unacceptedUnix(pid);
    if (tcp.length === 0 && unix === 0) return 'yes';
    if (performance.now() - began < acceptMs) return 'not yet';
    return tcp.length > 0 ? connectionsWaiting(tcp) : 'yes';
  };
  const attempt = async (number: number, listeners: Listeners): Promise<CriuResponse> => {
    const seen: { verdict: Verdict } = { verdict: 'yes' };
    const heard = async (script: string): Promise<boolean> => {
      // The last word before CRIU stops the first task: a little early, and the best there is without a network of its own.
      if (script === 'pre-dump' || script === 'network-lock') {
        still.over();
        still = standstill(m);
      }
      if (script === 'network-lock') {
        seen.verdict = await verdict(listeners);
        if (seen.verdict !== 'yes' || m.signal.aborted) return false;
        if (number > 1) m.say('log', severalAttempts(number));
      }
      return onNotify(script);
    };
    const what = { swrk, pages, root: pid, request, onNotify: heard, ...lastDumpLog(directory) };
    const answer = await dumping(m, { ...what, beforeKill: hold });
    if (seen.verdict === 'yes' || m.signal.aborted) return answer;
    if (seen.verdict !== 'not yet') throw seen.verdict;
    await swrk.end();
    await sleep(pauseMs);
    if (m.signal.aborted) return answer;
    swrk = await startCriu(m, plan, pages);
    return attempt(number + 1, listeners);
  };
  const attempts = async (): Promise<CriuResponse> => {
    const listeners = listenersIn(m, pid);
    return attempt(1, listeners).finally(listeners.close);
  };
  return { answer: attempts(), stillMs: () => still.ms(), end: () => swrk.end() };
}

/** Where they cannot be seen, because the container has ended, say, CRIU finds for itself what it cannot dump. */
function listenersIn(m: Migration, pid: number): Listeners {
  try {
    return listenersOf(pid);
  } catch (error) {
    m.say('log', `The container's listening sockets cannot be seen: ${asPhaulError(error).message}`);
    return { look: () => [], close: () => undefined };
  }
}

/** Where CRIU's log of it is, and what it is called where it is kept. */
export function lastDumpLog(directory: string): { log: string; name: string } {
  return { log: join(directory, logNames.dump), name: 'dump' };
}

const severalAttempts = (number: number): string =>
  `Processes of the container connect to each other: CRIU could dump it at attempt ${number}.`;
