import { setTimeout as sleep } from 'node:timers/promises';
import { removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { redis } from '../lab/redis.ts';
import { changedCt101 } from '../migration/containers.ts';
import { runsOn } from './overlap.ts';
import type { Course } from './courses.ts';
import { pair } from './stage.ts';
import type { Mode } from '../../src/acts.ts';

/**
 * Notes when it runs, on whichever host it does: a file that stays on its host gets the time of the first and of the last sign of life of each birth
 * (overlap.ts). Each has a time of its own, for the witness may be frozen between the two. As attributes of the file, because a dump would find an open one. In revive mode it also counts in /data, which goes along; in
 * place, so that it does not fall over a full disk.
 */
const witness = `
import os, signal, time
stop = False
def asked(*_):
    global stop
    stop = True
signal.signal(signal.SIGTERM, asked)
born = time.time_ns()
def sign(which, flags=0):
    os.setxattr('/witness', f'user.{which}.{born}', str(time.time_ns()).encode(), flags)
def live():
    try: sign('first', os.XATTR_CREATE)
    except FileExistsError: pass
    sign('last')
def log(text):
    with open('/data/log', 'a') as file: file.write(f'{text}\\n')
count = 0
`;
const counting = `
counter = os.open('/data/count', os.O_RDWR | os.O_CREAT)
count = int(os.read(counter, 12) or 0)
log(f'started at {count}')
while not stop:
    live()
    count += 1
    os.pwrite(counter, f'{count:012}'.encode(), 0)
    time.sleep(0.005)
log(f'ended at {count}')
`;
const living = `
while not stop:
    live()
    time.sleep(0.005)
`;
const redisServer = 'redis-server --bind 0.0.0.0 --protected-mode no --appendonly no --save ""';

/** What runs in the container of each mode. */
const programs: Readonly<Record<Mode, readonly string[]>> = {
  live: ['sh', '-c', `python3 -c "$1" & exec ${redisServer}`, 'sh', witness + living],
  revive: ['python3', '-c', witness + counting],
};

/** One that is always willing; what it is good for is shown in external.lab.test.ts. */
const withDevice = `mkdir /etc/phaul; printf '[devices.toy]\\ncommand = "/bin/true"\\n' >/etc/phaul/phaul.toml`;

/** Starts ct101 on a, whatever became of it before, and nothing of it on b. */
export async function startWorkload(lab: Lab, { mode, device }: Course): Promise<void> {
  await Promise.all(
    pair(lab).map(async (host) => {
      await removeContainer(host, 'ct101');
      await host.sh(
        `rm -rf /srv/.phaul-left-* /run/witness /etc/phaul; : >/run/witness; ${device ? withDevice : ''}`,
      );
    }),
  );
  const [a] = pair(lab);
  await changedCt101(a, programs[mode], ({ mounts }) =>
    mounts.push({ destination: '/witness', type: 'bind', source: '/run/witness', options: ['bind', 'rw'] }),
  );
  const deadline = Date.now() + 60_000;
  const answers = async (): Promise<boolean> =>
    (await runsOn(a)).length > 0 && (mode === 'revive' || (await redis(a, 'PING')) === 'PONG');
  while (!(await answers())) {
    if (Date.now() > deadline) throw new Error('the workload does not come up');
    await sleep(10);
  }
}

/** What is wrong with the work of revive mode's witness: it must always have gone on with what it had left. */
export async function workOf(host: Host): Promise<string[]> {
  const log = (await host.read('/srv/ct101-data/log')).trimEnd().split('\n');
  const counts = log.map((line) => Number(/\d+/.exec(line)?.[0]));
  const broken = log.some(
    (line, index) => line.startsWith('started') && index > 0 && counts[index] !== counts[index - 1],
  );
  return broken ? [`work was lost: ${log.join(', ')}`] : [];
}
