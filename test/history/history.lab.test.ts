// What an operator sees of real migrations from another terminal, and the next morning.
import test from 'ava';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '../../src/cli/ps-rows.ts';
import type { CommandResult } from '../lab/command.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { phaul, startPhaul } from '../migration/phaul.ts';
import { ensureRedis, failed, freshRedis, meanwhile, unharmed } from '../migration/stage.ts';

// Memory for a freeze of a minute, so that there is time to say something in it.
const slowly = ['--bwlimit', '1M', '--no-pre-dump'];

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
});
test.beforeEach(() => ensureRedis(lab, { mebibytes: 64 }));
test.after.always(() => Lab.down());

async function rows(host: Host): Promise<Row[]> {
  const { stdout } = await host.run(['phaul', 'ps', '--json']);
  return (JSON.parse(stdout) as { migrations: Row[] }).migrations;
}

const cancel = (host: Host): Promise<CommandResult> =>
  host.run(['phaul', 'cancel', 'ct101'], { check: false, timeoutMs: 60_000 });

test.serial('both hosts remember a migration, and what was said in it', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const { summary, text } = await phaul(a, ['--report', '/tmp/own.html', '--compress', 'none', 'ct101', 'b']);
  if (!summary) return t.fail(text);
  const [here, there] = [(await rows(a))[0], (await rows(b))[0]];
  const { freezeMs } = summary;
  t.like(here, { container: 'ct101', role: 'source', peer: 'b', state: 'moved', code: null, freezeMs });
  t.like(there, {
    container: 'ct101',
    role: 'target',
    peer: 'a',
    state: 'moved',
    migration: here?.migration,
  });
  t.regex(await a.sh('phaul ps'), /^CONTAINER .*\nct101 +to b +live +moved /);

  const [onSource, onTarget] = [
    await a.run(['phaul', 'logs', 'ct101']),
    await b.run(['phaul', 'logs', 'ct101']),
  ];
  t.regex(
    onSource.stdout,
    /Z {2}a {2}phaul +the container stands still\n[^]*Z {2}b {2}phaul +it runs on the target/,
  );
  t.regex(onSource.stdout, /Z {2}a {2}criu dump +/);
  t.regex(
    onTarget.stdout,
    /begins to come from a\n[^]*Z {2}b {2}criu restore +[^]*the migration has ended here\n$/,
  );
  t.regex(
    onTarget.stderr,
    /^What was said on the source: phaul logs \S+ on a, which shows that of both hosts\.$/m,
  );
  // The source shows what the target does, in its place: between the last word of the dump and the start.
  t.is(onSource.stderr, '');
  const lines = onSource.stdout.split('\n');
  const told = onTarget.stdout.split('\n').filter((line) => line.includes('  criu restore  '));
  const restored = lines.filter((line) => / b {2}criu restore {2}/.test(line));
  t.true(restored.length > 20 && restored.length === told.length, String(restored.length));
  const place = (what: RegExp): number => lines.findIndex((line) => what.test(line));
  const [stands, restores, runs] = [/stands still/, /criu restore/, /it runs on the target/].map(place);
  t.true(stands! < restores! && restores! < runs!, `${stands} ${restores} ${runs}`);
  const times = onSource.stdout.split('\n').map((line) => line.slice(0, 24));
  t.deepEqual(times.slice(0, -1), times.slice(0, -1).toSorted());
  const dumped = onSource.stdout.split('\n').findIndex((line) => /criu dump +.*Dumping task/.test(line));
  const frozen = onSource.stdout.split('\n').findIndex((line) => line.includes('freeze …'));
  t.true(frozen >= 0 && dumped > frozen, 'CRIU dumps in the freeze');

  await meanwhile(b, 'mv /usr/local/bin/phaul /root/away', 'mv /root/away /usr/local/bin/phaul', async () => {
    const alone = await a.run(['phaul', 'logs', 'ct101']);
    t.notRegex(alone.stdout, /criu restore/);
    t.regex(alone.stdout, /Z {2}a {2}criu dump +/);
    t.regex(
      alone.stderr,
      /^What CRIU said on the target is missing: TARGET_NO_PHAUL: .*\n {2}Give the same command on b\.$/m,
    );
  });

  await a.run(['phaul', 'report', 'ct101', '/tmp/kept.html']);
  const [own, kept] = [await a.read('/tmp/own.html'), await a.read('/tmp/kept.html')];
  t.is(own, kept);
  t.regex(kept, /<h2>The freeze<\/h2>/);
  t.regex(kept, /<td class="">compress<\/td><td class="">none<\/td>/);
  await freshRedis(lab, { mebibytes: 64 });
});

for (const event of [{ type: 'act-begin', act: 'prepare' }, { type: 'frozen' }])
  test.serial(`phaul cancel after ${Object.values(event).join(' ')} undoes everything`, async (t) => {
    const a = lab.host('a');
    const end = await unharmed(t, lab, async () => {
      const run = startPhaul(a, [...slowly, 'ct101', 'b']);
      await run.event(event);
      t.is((await rows(a))[0]?.state, 'running');
      const { exitCode, stdout, stderr } = await cancel(a);
      t.is(exitCode, 0, stderr);
      t.is(stdout, 'Undoing; ct101 stays here.\nCancelled. The container runs as before.\n');
      return run.ended;
    });
    failed(t, end, { code: 'CANCELLED', message: /Ended by phaul cancel\./ });
    t.like((await rows(a))[0], { state: 'cancelled', code: 'CANCELLED', freezeMs: null });
    t.is((await cancel(a)).exitCode, 3, 'it is over');
  });

test.serial('the target does not cancel', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const run = startPhaul(a, [...slowly, 'ct101', 'b']);
  await run.event({ type: 'frozen' });
  const { exitCode, stderr } = await cancel(b);
  t.is(exitCode, 3);
  t.regex(stderr, /^CANCEL_REFUSED: ct101 comes from a\.\n {2}Give the command on a\.\n$/);
  await cancel(a);
  t.is((await run.ended).error?.code, 'CANCELLED');
  t.is((await rows(b))[0]?.state, 'undone');
});

const program = `
import { migrate } from '/opt/phaul/dist/bundle/src/index.js';
const run = migrate({ container: 'ct101', destination: 'b', bandwidthLimit: 2 ** 20, preDump: false });
for await (const { type } of run) if (type === 'frozen') console.log('frozen');
console.log(await run.catch(({ code }) => code));`;

test.serial('a program that uses the library is cancelled, and lives on', async (t) => {
  const a = lab.host('a');
  await a.write('/tmp/program.mjs', program);
  let frozen = (): void => undefined;
  const stands = new Promise<void>((resolve) => (frozen = resolve));
  const running = a.spawn(['node', '/tmp/program.mjs'], { onLine: (line) => line === 'frozen' && frozen() });
  await stands;
  t.is((await cancel(a)).exitCode, 0);
  t.is((await running.result).stdout, 'frozen\nCANCELLED\n');
  t.true(await isRunning(a, 'ct101'));
});

test.serial('one whose phaul was killed is remembered as undone', async (t) => {
  const a = lab.host('a');
  const run = startPhaul(a, [...slowly, 'ct101', 'b']);
  const { migration } = await run.event({ type: 'frozen' });
  run.kill('SIGKILL');
  await run.ended;
  const deadline = Date.now() + 60_000;
  let row: Row | undefined;
  do {
    row = (await rows(a)).find((each) => each.migration === migration);
    await sleep(100);
  } while (row?.until === null && Date.now() < deadline);
  t.like(row, { state: 'undone', code: null });
  t.true(await isRunning(a, 'ct101'));
  t.regex(await a.sh(`ls /var/log/phaul/${migration}-source`), /dump\.log\nend\.json\nevents\.jsonl/);
});

test.serial('where nothing can be remembered everything goes on', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const spoil = 'mv /var/log/phaul /var/log/phaul.away; : >/var/log/phaul';
  const mend = 'rm /var/log/phaul; mv /var/log/phaul.away /var/log/phaul';
  await meanwhile(a, spoil, mend, () =>
    meanwhile(b, spoil, mend, async () => {
      const { summary, text } = await phaul(a, ['ct101', 'b']);
      t.truthy(summary, text);
      t.deepEqual(await rows(a), []);
    }),
  );
  await freshRedis(lab, { mebibytes: 64 });
});
