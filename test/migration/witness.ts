import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { changedCt101, type Config } from './containers.ts';
import { footprintAtRest, isAsBefore, restartable } from './footprint.ts';

interface Witness {
  /** Python that it runs as it starts, and when it has been asked to end; `stop` is the signal's number then. */
  readonly atStart?: string;
  readonly atEnd?: string;
  /** Python that it runs again and again, every few milliseconds. */
  readonly between?: string;
  readonly edit?: (config: Config) => void;
  /** As changedCt101() has it. */
  readonly subvolumes?: readonly string[];
}

const patienceMs = 60_000;

/** On each host, where the container does not take it along: when it ran there, a line each few milliseconds. */
const trace = '/run/witness';

/**
 * Starts ct101 on a, whatever became of it before, and nothing of it on b. Its process notes on each host when it runs there, and counts
 * in /data/count, which goes along: /data/log has a line for each start and for each orderly end, with the count.
 */
export async function startWitness(lab: Lab, witness: Witness = {}): Promise<void> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const clear = `rm -rf /srv/.phaul-left-*; : >${trace}`;
  await Promise.all(
    [a, b].map(async (host) => {
      await removeContainer(host, 'ct101');
      await host.sh(clear);
    }),
  );
  const edit = (config: Config): void => {
    config.mounts.push({ destination: '/witness', type: 'bind', source: trace, options: ['bind', 'rw'] });
    witness.edit?.(config);
  };
  await changedCt101(a, ['python3', '-c', program(witness)], edit, witness.subvolumes);
  while ((await traceOf(a)).length === 0) await sleep(20);
}

const program = ({ atStart = '', between = '', atEnd = '' }: Witness): string => `
import os, signal, sys, time
stop = 0
def asked(number, _):
    global stop
    stop = number
for name in ('SIGTERM', 'SIGUSR1'): signal.signal(getattr(signal, name), asked)
born = time.monotonic()
trace = open('/witness', 'a', buffering=1)
def live():
    trace.write(f'{born} {time.monotonic()}\\n')
def log(text):
    with open('/data/log', 'a') as file: file.write(text + '\\n')
try: count = int(open('/data/count').read())
except FileNotFoundError: count = 0
live()
log(f'started at {count}')
${atStart}
while not stop:
    live()
    count += 1
    with open('/data/count', 'w') as file: file.write(str(count))
    ${between.replaceAll('\n', '\n    ')}
    time.sleep(0.005)
${atEnd}
live()
log(f'ended at {count} by {signal.Signals(stop).name}')
`;

interface Run {
  readonly host: string;
  readonly from: number;
  readonly to: number;
}

/** The runs of the witness on a host, told apart by the time of its birth in each line; the clock is one that the hosts share. */
async function traceOf(host: Host): Promise<Run[]> {
  const runs = new Map<number, Run>();
  // The last line may be half written.
  for (const line of (await host.read(trace)).split('\n').slice(0, -1)) {
    const [born = 0, now = 0] = line.split(' ').map(Number);
    runs.set(born, { host: host.name, from: runs.get(born)?.from ?? now, to: now });
  }
  return [...runs.values()];
}

/** The hosts on which it ran, one after the other. Fails if two of them overlap. */
export async function ranOn(t: ExecutionContext, lab: Lab): Promise<string> {
  const traces = await Promise.all([lab.host('a'), lab.host('b')].map(traceOf));
  const runs = traces.flat().sort((one, other) => one.from - other.from);
  for (const [index, { from }] of runs.entries())
    t.true((runs[index - 1]?.to ?? 0) < from, `never two: ${JSON.stringify(runs)}`);
  return runs.map(({ host }) => host).join(' ');
}

/** What it says in /data/log on a host. Fails if it did not always go on with what it had left. */
export async function logOf(t: ExecutionContext, host: Host): Promise<string[]> {
  const lines = (await host.read('/srv/ct101-data/log')).trimEnd().split('\n');
  const counts = lines.map((line) => Number(/\d+/.exec(line)?.[0]));
  for (const [index, line] of lines.entries())
    if (index > 0 && line.startsWith('started')) t.is(counts[index], counts[index - 1], lines.join('\n'));
  return lines.map((line) => line.replace(/ at \d+/, ''));
}

/** Waits until it has written more since now, in two lines of one run: what it says as it starts is in its log then. @throws if it does not */
async function atWork(host: Host): Promise<void> {
  const last = async (): Promise<Run | undefined> => (await traceOf(host)).at(-1);
  const before = (await last())?.to ?? 0;
  const deadline = Date.now() + patienceMs;
  for (let run = await last(); !run || run.to <= before || run.to === run.from; run = await last()) {
    if (Date.now() > deadline) throw new Error('the witness is not at work');
    await sleep(20);
  }
}

/**
 * Does something to the witness on a after which it must run there, with all it had: a and b are as before, and at no time two of it ran.
 * @param ran the hosts on which it ran one after the other
 */
export async function comesBack<T>(
  t: ExecutionContext,
  lab: Lab,
  ran: 'a' | 'a a' | 'a b a',
  work: () => Promise<T>,
): Promise<T> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const [onA, onB] = await Promise.all([footprintAtRest(a), footprintAtRest(b)]);
  const result = await work();
  await isAsBefore(t, a, onA, restartable);
  await isAsBefore(t, b, onB);
  t.deepEqual([await isRunning(a, 'ct101'), await isRunning(b, 'ct101')], [true, false]);
  await atWork(a);
  t.is(await ranOn(t, lab), ran);
  const log = await logOf(t, a);
  t.is(log.filter((line) => line === 'started').length, ran === 'a' ? 1 : 2);
  return result;
}
