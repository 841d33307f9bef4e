// What phaul refuses in revive mode before it touches anything.
import test from 'ava';
import { Lab } from '../lab/lab.ts';
import { type Config, plainContainer, removePlain } from './containers.ts';
import { noCriu } from './fake-criu.ts';
import { phaul } from './phaul.ts';
import { ensureRedis, type Expected, failed, meanwhile, unharmed } from './stage.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
  await ensureRedis(lab);
});
test.after.always(() => Lab.down());

const revive = (...args: string[]): string[] => ['--mode', 'revive', ...args, 'b'];
const idle = ['tail', '-f', '/dev/null'];

test.serial('a plain process tree, which nobody could start again', async (t) => {
  const a = lab.host('a');
  const pid = await a.sh('setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $!');
  const end = await unharmed(t, lab, () => phaul(a, revive(pid)));
  failed(t, end, { code: 'MODE_UNSUPPORTED', act: 'preflight', message: /pid/ });
  t.is(end.exitCode, 3);
  await a.sh(`kill ${pid}`);
});

test.serial('a container whose end runc waits for in the foreground', async (t) => {
  const a = lab.host('a');
  await plainContainer(a, { id: 'plain', args: idle });
  await a.sh('runc delete --force plain');
  const runc = a.spawn(['sh', '-c', 'exec runc run --bundle /srv/plain plain </dev/null >/dev/null 2>&1'], {
    check: false,
  });
  await a.sh('until runc state plain 2>/dev/null | grep -q running; do sleep 0.02; done');
  const end = await unharmed(t, lab, () => phaul(a, revive('plain')));
  failed(t, end, {
    code: 'CONTAINER_UNSUPPORTED',
    act: 'preflight',
    host: 'source',
    message: /kept by runc/,
  });
  await removePlain(a, 'plain');
  await runc.result;
});

const unsupported = test.macro(async (t, edit: (config: Config) => void, message: RegExp) => {
  const a = lab.host('a');
  await plainContainer(a, { id: 'plain', args: idle, edit });
  const end = await unharmed(t, lab, () => phaul(a, revive('plain')));
  failed(t, end, { code: 'CONTAINER_UNSUPPORTED', act: 'preflight', host: 'source', message });
  await removePlain(a, 'plain');
});
test.serial(
  'a container without a PID namespace of its own',
  unsupported,
  ({ linux, mounts }) => {
    linux.namespaces = linux.namespaces.filter(({ type }) => type !== 'pid');
    // Without a PID namespace of its own there is no /proc of its own either.
    for (const mount of mounts)
      if (mount.type === 'proc') Object.assign(mount, { type: 'bind', source: '/proc', options: ['rbind'] });
  },
  /no PID namespace of its own/,
);
test.serial(
  'a stop signal that there is not',
  unsupported,
  (config) => (config.annotations = { 'org.opencontainers.image.stopSignal': 'SIGNONE' }),
  /"SIGNONE"/,
);

interface Taken extends Expected {
  readonly cause: string;
  readonly mend: string;
}
const taken = test.macro(async (t, { cause, mend, ...expected }: Taken) => {
  await meanwhile(lab.host('b'), cause, mend, async () => {
    const end = await unharmed(t, lab, () => phaul(lab.host('a'), revive('ct101')));
    failed(t, end, { act: 'preflight', host: 'target', ...expected });
  });
});
test.serial("files at the container's place on the target", taken, {
  code: 'PATH_TAKEN',
  message: /\/srv\/ct101-data/,
  cause: 'mkdir /srv/ct101-data; echo precious >/srv/ct101-data/file',
  mend: 'grep -q precious /srv/ct101-data/file; rm -r /srv/ct101-data',
});
test.serial('a container of that name on the target', taken, {
  code: 'NAME_TAKEN',
  message: /ct101/,
  cause: 'mkdir -p /run/runc/ct101',
  mend: 'rmdir /run/runc/ct101',
});

test.serial('no CRIU on either host is no reason: nothing is dumped', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  await meanwhile(a, noCriu.cause, noCriu.mend, () =>
    meanwhile(b, noCriu.cause, noCriu.mend, async () => {
      const { exitCode, text } = await unharmed(t, lab, () => phaul(a, revive('--dry-run', 'ct101')));
      t.is(exitCode, 0, text);
    }),
  );
});
