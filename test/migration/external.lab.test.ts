// A device that one host only may use goes with the container, and comes back with it, whatever fails: the example of docs/devices.md.
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { ErrorCode } from '../../src/error-codes.ts';
import { removeContainer } from '../lab/container.ts';
import { Lab } from '../lab/lab.ts';
import { type Disturbance, type Drbd, standInDrbd, worksOn } from './drbd.ts';
import { type Footprint, footprintAtRest, isAsBefore } from './footprint.ts';
import { type PhaulRun, phaul, startPhaul } from './phaul.ts';
import { failed } from './stage.ts';
import { startWitness } from './witness.ts';

let lab: Lab;
let drbd: Drbd;
test.before(async () => {
  lab = await Lab.up();
  drbd = await standInDrbd(lab);
});
test.beforeEach(async () => {
  await drbd.reset();
  await startWitness(lab);
});
test.afterEach.always(async () => {
  await lab.join('b');
  for (const host of [lab.host('a'), lab.host('b')]) await removeContainer(host, 'ct101');
});
test.after.always(async () => {
  await Lab.down();
  drbd.remove();
});

const modes = ['live', 'revive'] as const;
const args = (mode: string, ...more: string[]): string[] => [...more, '--mode', mode, 'ct101', 'b'];
const service = "pkill -KILL -f '^node .*phaul.* service'";

for (const mode of modes)
  test.serial(
    `${mode} mode: demoted on the source, then promoted on the target, then it runs there`,
    async (t) => {
      const end = await phaul(lab.host('a'), args(mode));
      t.is(end.exitCode, 0, end.text);
      t.deepEqual(drbd.log(), ['a secondary', 'b primary']);
      await worksOn(t, lab, drbd, 'b');
      const call = (step: string, direction: string, peer: string): string =>
        `--type=drbd --step=${step} --host=${peer} --container=ct101 --mode=${mode} --direction=${direction}`;
      const steps = ['check', 'begin', 'transfer', 'done'];
      t.deepEqual(await Promise.all(['a', 'b'].map((host) => lab.host(host as 'a').sh('cat /run/calls'))), [
        steps.map((step) => call(step, 'out', 'b')).join('\n'),
        steps.map((step) => call(step, 'in', 'a')).join('\n'),
      ]);
    },
  );

/** Nothing has happened, as a client sees it: it has gone on working. */
async function refused(t: ExecutionContext, code: ErrorCode, host: 'source' | 'target', message: RegExp) {
  for (const mode of modes) {
    const end = await phaul(lab.host('a'), args(mode));
    failed(t, end, { code, host, message, act: 'preflight' });
    t.is(end.exitCode, 3);
  }
  t.deepEqual(drbd.log(), []);
  await worksOn(t, lab, drbd, 'a');
}

for (const [on, host] of [
  ['a', 'source'],
  ['b', 'target'],
] as const) {
  test.serial(`stage 0 may refuse on the ${host}`, async (t) => {
    await drbd.disturb({ on, at: 'check', how: 'echo "it is full moon" >&2; exit 3' });
    await refused(t, 'DEVICE_REFUSED', host, /ended with exit code 3: it is full moon\.$/);
  });
  test.serial(`settings that make no sense on the ${host} are a refusal`, async (t) => {
    await lab.host(on).sh('echo "time-limit = 3" >/etc/phaul/phaul.toml');
    await refused(t, 'CONFIG_INVALID', host, /Unrecognized key: "time-limit"\.$/);
  });
}

test.serial('a target without that type is one clear refusal', async (t) => {
  await lab.host('b').sh('rm /etc/phaul/phaul.toml');
  await refused(t, 'DEVICE_REFUSED', 'target', /no section \[devices\.drbd\]\.$/);
});

/** The container comes back to a with its device, and nothing is left on either host. */
async function comesBack(
  t: ExecutionContext,
  mode: string,
  code: ErrorCode,
  message: RegExp,
  disturb: (run: PhaulRun) => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const before = await footprintAtRest(lab.host('b'));
  const run = startPhaul(lab.host('a'), args(mode));
  await disturb(run);
  const end = await run.ended;
  failed(t, end, { code, message });
  await worksOn(t, lab, drbd, 'a');
  await drbd.calm();
  await isAsBefore(t, lab.host('b'), before, withoutCalls);
  t.is(
    await lab.host('a').sh('phaul status --json'),
    await lab.host('b').sh('phaul status --json'),
    'both have forgotten it',
  );
}

const withoutCalls = ({ files = [], ...others }: Footprint) => ({
  ...others,
  files: files.filter((line) => !/ \/run\/(calls|disturb)/.test(line)),
});

const failing = 'echo "no way" >&2; exit 5';
const disturbances: readonly Disturbance[] = [
  { on: 'a', at: 'begin', how: failing },
  { on: 'b', at: 'begin', how: failing },
  { on: 'a', at: 'transfer', how: failing },
  { on: 'b', at: 'transfer', how: failing },
  { on: 'b', at: 'primary', how: failing },
];
for (const mode of modes)
  for (const disturbance of disturbances) {
    const { on, at } = disturbance;
    test.serial(`${mode} mode: ${at} fails on ${on}`, async (t) => {
      await drbd.disturb(disturbance);
      await comesBack(t, mode, 'DRIVER_FAILED', /^The device drbd: .* ended with exit code 5: no way\.$/);
    });
  }

const endless = (on: 'a' | 'b'): Disturbance => ({
  on,
  at: on === 'a' ? 'secondary' : 'primary',
  how: 'sleep 1000',
});

for (const on of ['a', 'b'] as const)
  test.serial(`a transfer on ${on} that does not end is killed at its time limit`, async (t) => {
    await drbd.reset(1);
    await drbd.disturb(endless(on));
    await comesBack(
      t,
      'live',
      'DRIVER_FAILED',
      /^The device drbd: .* did not end within 1 s \(time-limit\);/,
      async (run) => {
        if (on === 'a') return run.event({ type: 'frozen' });
        await drbd.happened('b primary');
      },
    );
    await lab.host(on).sh('while pgrep -x sleep; do :; done', { timeoutMs: 60_000 });
  });

for (const mode of modes)
  test.serial(
    `${mode} mode: Ctrl-C in the middle of the promotion: given up there, and only then taken back here`,
    async (t) => {
      await drbd.disturb(endless('b'));
      await comesBack(t, mode, 'CANCELLED', /SIGINT/, async (run) => {
        await drbd.happened('b primary');
        await drbd.disturb({ on: 'b', at: 'secondary', how: 'sleep 1' });
        run.kill('SIGINT');
      });
      t.deepEqual(drbd.log(), ['a secondary', 'b primary', 'b secondary', 'a primary']);
    },
  );

test.serial('a target that cannot give it up keeps the source waiting', async (t) => {
  await drbd.disturb(endless('b'));
  await comesBack(t, 'revive', 'CANCELLED', /SIGINT/, async (run) => {
    await drbd.happened('b primary');
    await drbd.disturb({ on: 'b', at: 'secondary', how: failing });
    run.kill('SIGINT');
    await run.event({ type: 'warning' });
    await sleep(1000);
    t.deepEqual(drbd.roles(), { a: 'Secondary', b: 'Primary' });
    await drbd.calm();
  });
});

for (const mode of modes) {
  test.serial(
    `${mode} mode: the cable is pulled in the middle of the promotion and plugged in again`,
    async (t) => {
      await drbd.disturb(endless('b'));
      await comesBack(t, mode, 'LINK_LOST', /./, async (run) => {
        await drbd.happened('b primary');
        await lab.cut('b');
        // It has noticed, and takes it back.
        await run.event({ type: 'undo' });
        await drbd.calm();
        t.deepEqual(drbd.roles(), { a: 'Secondary', b: 'Primary' });
        await lab.join('b');
        await run.ended;
      });
    },
  );

  test.serial(
    `${mode} mode: the cable stays out for longer than --timeout: in doubt, and healed by itself`,
    async (t) => {
      await drbd.disturb(endless('b'));
      const run = startPhaul(lab.host('a'), args(mode, '--timeout', '10'));
      await drbd.happened('b primary');
      await lab.cut('b');
      const end = await run.ended;
      failed(t, end, {
        code: 'IN_DOUBT',
        message: /has not said that it has given up drbd/,
        state: mode === 'live' ? 'frozen' : 'stopped',
      });
      t.deepEqual(drbd.roles(), { a: 'Secondary', b: 'Primary' });
      await drbd.calm();
      await lab.join('b');
      await worksOn(t, lab, drbd, 'a', 90_000);
    },
  );

  for (const victim of ['source', 'target'] as const)
    test.serial(
      `${mode} mode: phaul on the ${victim} is killed in the middle of the promotion`,
      async (t) => {
        await drbd.disturb({ on: 'b', at: 'primary', how: 'sleep 2' });
        const run = startPhaul(lab.host('a'), args(mode));
        await drbd.happened('b primary');
        if (victim === 'source') run.kill('SIGKILL');
        else await lab.host('b').sh(service);
        t.not((await run.ended).exitCode, 0);
        await worksOn(t, lab, drbd, 'a', 90_000);
        t.deepEqual(drbd.log(), ['a secondary', 'b primary', 'b secondary', 'a primary']);
      },
    );
}
