// What Prometheus would learn of real migrations, on both hosts.
import test from 'ava';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { phaul, startPhaul } from '../migration/phaul.ts';
import { ensureRedis, freshRedis } from '../migration/stage.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { strictly, type Values } from './strict.ts';

const textfile = '/var/lib/node_exporter/phaul.prom';
const settings = `[metrics]\ntextfile = "${textfile}"\n`;

let lab: Lab;
const both = () => [lab.host('a'), lab.host('b')] as const;
test.before(async () => {
  lab = await Lab.up();
  for (const host of both()) {
    await host.sh('mkdir -p /var/lib/node_exporter /etc/phaul');
    await host.write('/etc/phaul/phaul.toml', settings);
  }
});
test.beforeEach(() => ensureRedis(lab, { mebibytes: 16 }));
test.after.always(() => Lab.down());

const written = async (host: Host): Promise<Values> => strictly(await host.read(textfile));

const ended = (values: Values, side: string, outcome: string): number =>
  values.get(`phaul_migrations_total{side="${side}",mode="live",outcome="${outcome}"}`) ?? NaN;

/** The target writes when it has heard the last word. */
async function until(host: Host, wanted: (values: Values) => boolean): Promise<Values> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const values = await written(host).catch(() => null);
    if (values && (wanted(values) || Date.now() > deadline)) return values;
    if (Date.now() > deadline) throw new Error(`${host.name} has written nothing`);
    await sleep(50);
  }
}

test.serial('a check changes nothing, and each migration adds to what both hosts have written', async (t) => {
  const [a, b] = both();
  const { summary, text } = await phaul(a, ['ct101', 'b']);
  if (!summary) return t.fail(text);
  const source = await written(a);
  t.is(ended(source, 'source', 'moved'), 1);
  t.is(source.get('phaul_freeze_seconds_count{mode="live"}'), 1);
  t.is(source.get('phaul_last_freeze_seconds{mode="live"}'), summary.freezeMs / 1000);
  t.is(source.get('phaul_sent_bytes_total{mode="live",kind="memory"}'), summary.bytes.mem);
  t.is(source.get('phaul_migrations_open{side="source"}'), 0);
  const target = await until(b, (values) => ended(values, 'target', 'moved') === 1);
  t.is(ended(target, 'target', 'moved'), 1);
  t.is(target.get('phaul_migrations_open{side="target"}'), 0);

  const before = await b.sh(`stat --format '%i %a' ${textfile}`);
  t.regex(before, /^\d+ 644$/);
  await freshRedis(lab, { mebibytes: 16 });
  await phaul(a, ['ct101', 'b'], 'check');
  t.is(await b.sh(`stat --format '%i %a' ${textfile}`), before);
  t.is(await a.sh('ls -A /var/lib/node_exporter'), 'phaul.prom');
});

test.serial('a migration that a guard has undone is counted, too', async (t) => {
  const a = lab.host('a');
  const run = startPhaul(a, ['--bwlimit', '1M', '--no-pre-dump', 'ct101', 'b']);
  await run.event({ type: 'frozen' });
  run.kill('SIGKILL');
  await run.ended;
  const values = await until(a, (now) => ended(now, 'source', 'undone') === 1);
  t.is(ended(values, 'source', 'undone'), 1);
  t.is(ended(values, 'source', 'moved'), 1);
  t.true(await isRunning(a, 'ct101'));
});

test.serial('phaul metrics says the same, printed and over HTTP', async (t) => {
  const a = lab.host('a');
  const printed = (await a.run(['phaul', 'metrics'])).stdout;
  t.is(ended(strictly(printed), 'source', 'moved'), 1);
  let listens = (): void => undefined;
  const ready = new Promise<void>((resolve) => (listens = resolve));
  const serving = a.spawn(['phaul', 'metrics', '--listen', '9784'], {
    check: false,
    onLine: () => listens(),
  });
  await ready;
  const get = (name: string): string[] => {
    const ask = `fetch('http://${name}:9784/metrics').then((answer) => answer.text())`;
    return ['node', '-e', `${ask}.then((text) => process.stdout.write(text), () => process.exit(1))`];
  };
  t.is((await a.run(get('127.0.0.1'))).stdout, printed);
  const { exitCode } = await lab.host('b').run(get('a'), { check: false });
  t.not(exitCode, 0, 'nobody else is answered');
  serving.kill('SIGTERM');
  t.is((await serving.result).exitCode, 0);
});

test.serial('where metrics cannot be written the migration goes on', async (t) => {
  const a = lab.host('a');
  await a.write('/etc/phaul/phaul.toml', '[metrics]\ntextfile = "/nonexistent/phaul.prom"\n');
  const { summary, text } = await phaul(a, ['ct101', 'b']);
  t.truthy(summary, text);
});
