// Revive mode: whatever happens before the commit, the container is started again on the source, with all it had, and nothing is left on the target.
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { Act } from '../../src/acts.ts';
import { removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { footprintAtRest, isAsBefore } from './footprint.ts';
import { phaul, type PhaulEnd, type PhaulRun, startPhaul } from './phaul.ts';
import { failed, meanwhile, smallDisk } from './stage.ts';
import { comesBack, ranOn, startWitness } from './witness.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
});
test.afterEach.always(async () => {
  for (const host of hosts()) {
    await removeContainer(host, 'ct101');
    await host.sh('rm -rf /srv/.phaul-left-* /run/witness /run/outside');
  }
});
test.after.always(() => Lab.down());

const hosts = (): readonly [Host, Host] => [lab.host('a'), lab.host('b')];
const args = ['--mode', 'revive', 'ct101', 'b'];

/** The ssh that phaul runs, and the service that sshd runs, but not their shells. */
const ssh = 'pkill -KILL -x ssh';
const service = "pkill -KILL -f '^node .*phaul.* service'";

/** So much that the final sync takes most of a second at 300 MB/s, and the lab has time to disturb it. */
const writesMuch = `
with open('/data/last', 'wb') as file:
    for _ in range(256): file.write(os.urandom(2**20))`;
const endsSlowly = `
open('/data/asked', 'w').close()
time.sleep(1)`;

const steadily = `
with open('/data/file', 'ab') as file: file.write(os.urandom(65536))`;
/** So many rounds that it is still iterating when a disturbance arrives. */
const manyRounds = ['--enough', '0', '--max-growth', '1000000', '--max-iterations', '20'];

/** phaul at work, to which something is done. */
async function disturbed(
  disturb: (run: PhaulRun) => Promise<unknown>,
  more: readonly string[] = [],
  holds: Parameters<typeof startPhaul>[3] = [],
): Promise<PhaulEnd> {
  const run = startPhaul(lab.host('a'), [...more, ...args], 'migrate', holds);
  await disturb(run);
  return run.ended;
}

/** Its container has stopped, and the final sync has begun, in which it can do nothing until the disturbance is over. */
const finalSync = { type: 'act-begin', act: 'transfer' };

/** phaul, to which something is done while it stands still at an event. */
function disturbedAt(
  event: object,
  disturb: (run: PhaulRun) => unknown,
  more: readonly string[] = [],
): Promise<PhaulEnd> {
  const held = async (run: PhaulRun): Promise<void> => {
    await run.event({ ...event });
    await disturb(run);
    await run.goOn();
  };
  return disturbed(held, more, [{ ...event }]);
}

async function untilAsked(): Promise<void> {
  await lab.host('a').sh('until [ -e /srv/ct101-data/asked ]; do sleep 0.02; done');
}

/** The target has let it run; phaul waits whether it goes on. */
async function untilBorn(): Promise<void> {
  await lab.host('b').sh('until [ -s /run/witness ]; do sleep 0.02; done');
}

test.serial("the target's disk fills up in the first copy", async (t) => {
  const { made, removed } = smallDisk('/srv/ct101');
  await startWitness(lab);
  await meanwhile(lab.host('b'), made, removed, async () => {
    const end = await comesBack(t, lab, 'a', () => phaul(lab.host('a'), args));
    failed(t, end, { code: 'DISK_FULL', act: 'prepare', message: /disk is full/ });
  });
});

test.serial("the target's disk fills up in the final sync", async (t) => {
  const cause = 'mkdir /srv/ct101-data; mount -t tmpfs -o size=16m,mode=755 small /srv/ct101-data';
  await startWitness(lab, { atEnd: writesMuch });
  await meanwhile(lab.host('b'), cause, 'umount -l /srv/ct101-data; rmdir /srv/ct101-data', async () => {
    const end = await comesBack(t, lab, 'a a', () => phaul(lab.host('a'), args));
    failed(t, end, { code: 'DISK_FULL', act: 'transfer', message: /disk is full/ });
  });
});

const outside = (options: string[]) => ({
  destination: '/outside',
  type: 'bind',
  source: '/run/outside',
  options,
});

test.serial('it ends at once on the target', async (t) => {
  for (const host of hosts()) await host.write('/run/outside', host.name);
  await startWitness(lab, {
    atStart: "if open('/outside').read() != 'a': sys.exit(1)",
    edit: ({ mounts }) => mounts.push(outside(['bind', 'ro'])),
  });
  const end = await comesBack(t, lab, 'a b a', () => phaul(lab.host('a'), args));
  failed(t, end, { code: 'START_FAILED', act: 'commit', host: 'target', message: /ended at once/ });
});

test.serial('its program cannot be run on the target: that is seen before it is stopped', async (t) => {
  const [a, b] = hosts();
  for (const host of [a, b]) await host.sh('printf "#!/bin/sh\\nexec \\"\\$@\\"" >/run/outside');
  await a.sh('chmod 755 /run/outside');
  await startWitness(lab, {
    edit: ({ mounts, process }) => {
      mounts.push(outside(['bind', 'ro']));
      process.args.unshift('/outside');
    },
  });
  const end = await comesBack(t, lab, 'a', () => phaul(a, args));
  failed(t, end, { code: 'DRIVER_FAILED', act: 'prepare', message: /permission denied/ });
});

test.serial('ssh dies in the final sync', async (t) => {
  await startWitness(lab, { atEnd: writesMuch });
  const end = await comesBack(t, lab, 'a a', () => disturbedAt(finalSync, () => lab.host('a').sh(ssh)));
  failed(t, end, { code: 'LINK_LOST', act: 'transfer' });
});

test.serial('the cable is pulled in the final sync', async (t) => {
  await startWitness(lab, { atEnd: writesMuch });
  const end = await comesBack(t, lab, 'a a', async () => {
    try {
      return await disturbedAt(finalSync, () => lab.cut('b'));
    } finally {
      await lab.join('b');
    }
  });
  failed(t, end, { code: 'LINK_LOST', act: 'transfer' });
});

/** In these acts it is stopped. */
const stopped: readonly Act[] = ['freeze', 'transfer', 'restore'];

for (const act of ['prepare', 'iterate', 'freeze', 'transfer'] as const)
  test.serial(`the service is killed when ${act} begins`, async (t) => {
    // It may take the lab longer to kill it than phaul to prepare.
    const early = !stopped.includes(act);
    await startWitness(lab, early ? { between: steadily } : { atEnd: writesMuch });
    const begin = { type: 'act-begin', act };
    const end = await comesBack(t, lab, early ? 'a' : 'a a', () =>
      disturbedAt(begin, () => lab.host('b').sh(service), early ? manyRounds : []),
    );
    failed(t, end, { code: 'LINK_LOST' });
  });

for (const act of ['preflight', 'prepare', 'iterate', 'freeze', 'transfer'] as const)
  test.serial(`SIGINT when ${act} begins`, async (t) => {
    await startWitness(lab, act === 'iterate' ? { between: steadily } : { atEnd: writesMuch });
    const begin = { type: 'act-begin', act };
    const end = await comesBack(t, lab, stopped.includes(act) ? 'a a' : 'a', () =>
      disturbedAt(begin, (run) => run.kill('SIGINT'), act === 'iterate' ? manyRounds : []),
    );
    failed(t, end, { code: 'CANCELLED', act: act === 'freeze' ? ['freeze', 'transfer'] : act });
  });

test.serial('the service on the target stops answering while files are copied', async (t) => {
  const [, b] = hosts();
  await startWitness(lab, { atEnd: writesMuch });
  const end = await comesBack(t, lab, 'a a', () =>
    disturbed(
      async (run) => {
        await run.event(finalSync);
        await b.sh(`pkill -STOP -x rsync || true; ${service.replace('KILL', 'STOP')}`);
        await run.goOn();
        await run.event({ type: 'undo' });
        await b.sh(`pkill -CONT -x rsync || true; ${service.replace('KILL', 'CONT')}`);
      },
      [],
      [finalSync],
    ),
  );
  failed(t, end, { code: 'LINK_LOST', act: 'transfer' });
});

for (const [act, when] of [
  ['commit', (run: PhaulRun) => run.event({ type: 'act-begin', act: 'commit' }).then(untilBorn)],
  ['release', (run: PhaulRun) => run.event({ type: 'act-begin', act: 'release' })],
] as const)
  test.serial(`SIGINT in the ${act} comes too late`, async (t) => {
    const [a, b] = hosts();
    await startWitness(lab);
    const { exitCode, text } = await disturbed(async (run) => {
      await when(run);
      run.kill('SIGINT');
    });
    t.is(exitCode, 0, text);
    t.deepEqual([await isRunning(a, 'ct101'), await isRunning(b, 'ct101')], [false, true]);
    t.is(await ranOn(t, lab), 'a b');
  });

test.serial('SIGINT while it takes its time to end', async (t) => {
  await startWitness(lab, { atEnd: endsSlowly });
  const end = await comesBack(t, lab, 'a a', () =>
    disturbed(async (run) => {
      await untilAsked();
      run.kill('SIGINT');
    }),
  );
  failed(t, end, { code: 'CANCELLED', act: 'freeze' });
});

test.serial(
  'phaul is killed while the container takes its time to end: it starts again by itself',
  async (t) => {
    await startWitness(lab, { atEnd: endsSlowly });
    const end = await comesBack(t, lab, 'a a', () =>
      disturbed(async (run) => {
        await untilAsked();
        run.kill('SIGKILL');
      }),
    );
    t.is(end.exitCode, 137);
  },
);

test.serial('phaul is killed in the final sync: the container starts again by itself', async (t) => {
  await startWitness(lab, { atEnd: writesMuch });
  const end = await comesBack(t, lab, 'a a', () =>
    disturbed(
      async (run) => {
        await run.event(finalSync);
        run.kill('SIGKILL');
      },
      [],
      [finalSync],
    ),
  );
  t.is(end.exitCode, 137);
});

test.serial('the final sync takes longer than --timeout', async (t) => {
  await startWitness(lab, { atEnd: writesMuch });
  const end = await comesBack(t, lab, 'a a', () => phaul(lab.host('a'), ['--timeout', '0.1', ...args]));
  failed(t, end, { code: 'TIMEOUT', act: ['freeze', 'transfer'] });
});

test.serial('it ends by itself before it is stopped: it is not started again', async (t) => {
  const [a, b] = hosts();
  await startWitness(lab, { between: "if os.path.exists('/data/end'): os._exit(0)" });
  const onB = await footprintAtRest(b);
  const { error, text } = await disturbed(async (run) => {
    await run.event({ type: 'act-begin', act: 'iterate' });
    await a.sh('touch /srv/ct101-data/end');
  });
  t.like(error, { code: 'STOP_FAILED', act: 'freeze', host: 'source', sourceState: 'stopped' }, text);
  t.regex(text, /ended by itself/);
  t.regex(text, /\nThe container is stopped on the source\.\n$/);
  t.deepEqual([await isRunning(a, 'ct101'), await isRunning(b, 'ct101')], [false, false]);
  await isAsBefore(t, b, onB);
});

test.serial('somebody else starts it again during the final sync: that one is left alone', async (t) => {
  const [a] = hosts();
  await startWitness(lab, { atEnd: writesMuch });
  const end = await comesBack(t, lab, 'a a', () =>
    disturbedAt(finalSync, () =>
      a.sh('runc delete ct101; runc run -d --bundle /srv/ct101 ct101 </dev/null >/dev/null 2>&1'),
    ),
  );
  failed(t, end, { code: 'STOP_FAILED', host: 'source', message: /Somebody else/ });
});

// The last: sshd on b holds on to the broken connection for a while.
test.serial('the cable is out at the commit: it stays stopped here until the two can talk', async (t) => {
  const [a, b] = hosts();
  await startWitness(lab);
  t.teardown(() => lab.join('b'));
  const begin = { type: 'act-begin', act: 'commit' };
  const { exitCode, error, text } = await disturbedAt(begin, () => lab.cut('b'), ['--timeout', '5']);
  t.deepEqual([exitCode, error?.code, error?.sourceState], [5, 'IN_DOUBT', 'stopped'], text);
  t.false(await isRunning(a, 'ct101'));
  t.regex(error?.hint ?? '', /--target-is-dead lets ct101 go on here.*--source-is-dead removes it here/);
  await lab.join('b');
  const known = (): Promise<string[]> => Promise.all([a, b].map((host) => host.sh('ls /var/lib/phaul')));
  for (let tries = 0; (await known()).join('') !== '' && tries < 300; tries++) await sleep(200);
  t.deepEqual(await known(), ['', '']);
  // The word did not get through before the cable was out.
  t.deepEqual([await isRunning(a, 'ct101'), await isRunning(b, 'ct101')], [true, false]);
  t.is(await ranOn(t, lab), 'a a');
});
