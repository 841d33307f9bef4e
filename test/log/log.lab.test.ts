// What two hosts write to their journals in real migrations. Instead of journald, somebody listens at its socket who writes down what comes.
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { phaul, startPhaul } from '../migration/phaul.ts';
import { ensureRedis, freshRedis } from '../migration/stage.ts';

type Fields = Readonly<Record<string, string>>;

const listener = `
import json, os, socket
os.makedirs('/run/systemd/journal')
door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
door.bind('/run/systemd/journal/socket')
print('listens', flush=True)
while True:
    fields = door.recv(1 << 17).decode().splitlines()
    print(json.dumps(dict(field.split('=', 1) for field in fields)), flush=True)`;

const heard: Record<string, Fields[]> = { a: [], b: [] };
const ends: (() => void)[] = [];
let lab: Lab;

function listen(host: Host): Promise<void> {
  return new Promise((resolve) => {
    const onLine = (line: string): void => {
      if (line === 'listens') return resolve();
      heard[host.name]?.push(JSON.parse(line) as Fields);
    };
    const listening = host.spawn(['python3', '-c', listener], { check: false, onLine });
    ends.push(() => listening.kill('SIGKILL'));
  });
}

test.before(async () => {
  lab = await Lab.up();
  await Promise.all([listen(lab.host('a')), listen(lab.host('b'))]);
});
test.beforeEach(() => ensureRedis(lab, { mebibytes: 16 }));
test.after.always(() => {
  for (const end of ends) end();
  return Lab.down();
});

/** As `journalctl PHAUL_MIGRATION=ID` would show them. */
const found = (host: string, migration: string): Fields[] =>
  (heard[host] ?? []).filter((fields) => fields['PHAUL_MIGRATION'] === migration);

/** In the order in which they came. */
function said(host: string, migration: string): string {
  return found(host, migration)
    .map(
      ({ PRIORITY, PHAUL_HOST, PHAUL_ACT, MESSAGE }) => `${PRIORITY} ${PHAUL_HOST} ${PHAUL_ACT} ${MESSAGE}\n`,
    )
    .join('');
}

async function until(host: string, migration: string, wanted: RegExp): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!wanted.test(said(host, migration)) && Date.now() < deadline) await sleep(50);
}

test.serial('the id of a migration finds it in the journals of both hosts', async (t) => {
  const { events, summary, text } = await phaul(lab.host('a'), ['ct101', 'b']);
  t.truthy(summary, text);
  const migration = events[0]?.migration ?? '';
  await until('a', migration, /ct101 runs on b/);
  await until('b', migration, /the source knows/);
  t.regex(
    said('a', migration),
    /^6 source undefined ct101: ct101 → b \(live\)\n[^]*\n6 source freeze ct101: freeze \d+ ms\n[^]*\n6 source \w+ ct101: ct101 runs on b /,
  );
  t.regex(
    said('b', migration),
    /^6 target prepare ct101: begins to come\n[^]*6 target restore ct101: is complete here, [^]*6 target commit ct101: runs here \(pid \d+\)\n[^]*ct101: the source knows how it ended\n$/,
  );
  t.true(
    [...found('a', migration), ...found('b', migration)].every((each) => each['PHAUL_CONTAINER'] === 'ct101'),
  );
  await freshRedis(lab, { mebibytes: 16 });
});

test.serial('so it does when phaul was killed, and its guard has gone on', async (t) => {
  const a = lab.host('a');
  const run = startPhaul(a, ['--bwlimit', '1M', '--no-pre-dump', 'ct101', 'b']);
  const { migration } = await run.event({ type: 'frozen' });
  run.kill('SIGKILL');
  await run.ended;
  await until('a', migration, /That is over/);
  t.regex(
    said('a', migration),
    /6 source undefined ct101: phaul recover goes on with it\. ct101 is this host's[^\n]*\n[^]*6 source undefined ct101: That is over: it is here\.\n$/,
  );
  await until('b', migration, /the source has gone/);
  t.regex(said('b', migration), /\n4 target \w+ ct101: the source has gone: [^\n]*\n/);
  t.true(await isRunning(a, 'ct101'));
});

test.serial('a preflight that refuses is an error on the source', async (t) => {
  const { events } = await phaul(lab.host('a'), ['ct101', 'nowhere']);
  const migration = events[0]?.migration ?? '';
  await until('a', migration, /TARGET_UNREACHABLE/);
  const last = found('a', migration).at(-1);
  t.like(last, { PRIORITY: '3', PHAUL_CODE: 'TARGET_UNREACHABLE', PHAUL_ACT: 'preflight' });
});
