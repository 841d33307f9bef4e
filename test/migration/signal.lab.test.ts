// Ctrl-C, SIGTERM and SIGHUP at any time: before the commit everything is undone, after it the migration completes.
import test from 'ava';
import { acts } from '../../src/acts.ts';
import { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { startTraffic } from '../lab/traffic.ts';
import { type PhaulRun, startPhaul } from './phaul.ts';
import { ensureRedis, failed, freshRedis, unharmed } from './stage.ts';

// So much that the freeze and the restore take a good part of a second each.
const large = { mebibytes: 200 };

const frozen = { type: 'frozen' };

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
});
test.beforeEach(() => ensureRedis(lab, large));
test.after.always(() => Lab.down());

/** Sends a signal to a phaul that stands still at an event. */
async function signalled(run: PhaulRun, event: object, signal: NodeJS.Signals): Promise<void> {
  await run.event({ ...event });
  run.kill(signal);
  await run.goOn();
}

for (const [index, act] of ['preflight', 'prepare', 'iterate', 'freeze', 'transfer', 'restore'].entries())
  test.serial(`SIGINT when ${act} begins`, async (t) => {
    const end = await unharmed(t, lab, async () => {
      const begin = { type: 'act-begin', act };
      const run = startPhaul(lab.host('a'), ['ct101', 'b'], 'migrate', [begin]);
      await signalled(run, begin, 'SIGINT');
      return run.ended;
    });
    // The short acts (iterate, transfer) may be over before it is heard.
    failed(t, end, { code: 'CANCELLED', act: acts.slice(index, index + 2) });
  });

for (const signal of ['SIGTERM', 'SIGHUP'] as const)
  test.serial(`${signal} in the freeze`, async (t) => {
    const end = await unharmed(t, lab, async () => {
      const run = startPhaul(lab.host('a'), ['ct101', 'b'], 'migrate', [frozen]);
      await signalled(run, frozen, signal);
      return run.ended;
    });
    failed(t, end, { code: 'TERMINATED', act: 'freeze' });
  });

test.serial('a second SIGINT does not stop the undoing', async (t) => {
  const end = await unharmed(t, lab, async () => {
    const undo = { type: 'undo' };
    const run = startPhaul(lab.host('a'), ['ct101', 'b'], 'migrate', [frozen, undo]);
    await signalled(run, frozen, 'SIGINT');
    await signalled(run, undo, 'SIGINT');
    return run.ended;
  });
  t.regex(end.text, /still undoing/);
  failed(t, end, { code: 'CANCELLED', act: 'freeze' });
});

test.serial('an error in phaul that nobody has caught ends like any other', async (t) => {
  const a = lab.host('a');
  const command = '/usr/local/bin/phaul';
  const before = await a.read(command);
  await a.write('/run/defect.mjs', "process.on('SIGUSR2', () => { throw new Error('a defect'); });");
  await a.write(
    command,
    before.replace('\n', '\nexport NODE_OPTIONS="$NODE_OPTIONS --import=/run/defect.mjs"\n'),
  );
  t.teardown(() => a.write(command, before));
  const end = await unharmed(t, lab, async () => {
    const run = startPhaul(a, ['ct101', 'b'], 'migrate', [frozen]);
    await signalled(run, frozen, 'SIGUSR2');
    return run.ended;
  });
  failed(t, end, { code: 'INTERNAL', message: /^phaul itself failed \(a defect\)\.$/, act: 'freeze' });
});

for (const act of ['commit', 'release'])
  test.serial(`SIGINT when ${act} begins comes too late`, async (t) => {
    const traffic = await startTraffic(lab.host('c'));
    const run = startPhaul(lab.host('a'), ['ct101', 'b']);
    await run.event({ type: 'act-begin', act });
    run.kill('SIGINT');
    const { exitCode, text } = await run.ended;
    t.is(exitCode, 0, text);
    t.like(await traffic.stop(), { errors: [], lost: 0, doubled: 0 });
    t.deepEqual(
      [await isRunning(lab.host('a'), 'ct101'), await isRunning(lab.host('b'), 'ct101')],
      [false, true],
    );
    await freshRedis(lab, large);
  });
