// What phaul refuses before it touches anything.
import test from 'ava';
import { Lab } from '../lab/lab.ts';
import { plainContainer, removePlain } from './containers.ts';
import { noCriu, oldCriu } from './fake-criu.ts';
import { phaul } from './phaul.ts';
import { ensureRedis, type Expected, failed, meanwhile, unharmed } from './stage.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
  await ensureRedis(lab);
});
test.after.always(() => Lab.down());

interface Refused extends Expected {
  /** Shell text that makes it happen and that undoes that, by host. */
  readonly on?: 'a' | 'b';
  readonly cause?: string;
  readonly mend?: string;
}

const refused = test.macro(
  async (t, args: readonly string[], { on = 'a', cause, mend, ...expected }: Refused) => {
    await meanwhile(lab.host(on), cause ?? ':', mend ?? ':', async () => {
      const end = await unharmed(t, lab, () => phaul(lab.host('a'), args));
      failed(t, end, { act: 'preflight', ...expected });
    });
  },
);

const unreachable = { code: 'TARGET_UNREACHABLE' } as const;
test.serial('a target that is not there', refused, ['ct101', '10.77.0.9'], unreachable);
test.serial('a port on which nobody listens', refused, ['ct101', 'b:2222'], unreachable);
test.serial('a host name that nobody knows', refused, ['ct101', 'no-such-host'], {
  ...unreachable,
  message: /no-such-host is not a known host name/,
});

const keys = '/root/.ssh/known_hosts';
const forgetB = `cp ${keys} ${keys}.kept; sed -i '/^b,/d' ${keys}`;
const exchangeKeys = `cp ${keys} ${keys}.kept; sed -i -E '/^b,/d; s/^c,\\S+/b,10.77.0.2/' ${keys}`;
const remember = `mv ${keys}.kept ${keys}; rm -f ${keys}.old`;
test.serial('an unknown host key', refused, ['ct101', 'b'], {
  code: 'SSH_HOST_KEY',
  message: /not in known_hosts/,
  cause: forgetB,
  mend: remember,
});
test.serial('a changed host key', refused, ['ct101', 'b'], {
  code: 'SSH_HOST_KEY',
  message: /not the one in known_hosts/,
  cause: exchangeKeys,
  mend: remember,
});
test.serial(
  'a changed host key, even with --accept-new-host-key',
  refused,
  ['--accept-new-host-key', 'ct101', 'b'],
  {
    code: 'SSH_HOST_KEY',
    message: /not the one in known_hosts/,
    cause: exchangeKeys,
    mend: remember,
  },
);
test.serial('--accept-new-host-key accepts a key that was never seen', async (t) => {
  await meanwhile(lab.host('a'), forgetB, remember, async () => {
    const end = await phaul(lab.host('a'), ['--accept-new-host-key', '--dry-run', 'ct101', 'b']);
    t.is(end.exitCode, 0, end.text);
    t.is(await lab.host('a').sh('ssh-keygen -F b | grep -c ed25519'), '1');
  });
});
test.serial('a login that the target refuses', refused, ['ct101', 'b'], {
  code: 'SSH_AUTH',
  on: 'b',
  cause: 'mv /root/.ssh/authorized_keys /root/.ssh/kept',
  mend: 'mv /root/.ssh/kept /root/.ssh/authorized_keys',
});
test.serial('no phaul on the target', refused, ['ct101', 'b'], {
  code: 'TARGET_NO_PHAUL',
  on: 'b',
  cause: 'mv /usr/local/bin/phaul /root/phaul',
  mend: 'mv /root/phaul /usr/local/bin/phaul',
});

test.serial('no CRIU on the target', refused, ['ct101', 'b'], {
  code: 'CRIU_MISSING',
  host: 'target',
  on: 'b',
  ...noCriu,
});
test.serial('no CRIU on the source', refused, ['ct101', 'b'], {
  code: 'CRIU_MISSING',
  host: 'source',
  ...noCriu,
});
for (const [host, on] of [
  ['source', 'a'],
  ['target', 'b'],
] as const)
  test.serial(`too old a CRIU on the ${host}`, refused, ['ct101', 'b'], {
    code: 'CRIU_TOO_OLD',
    message: /3\.17\.1/,
    host,
    on,
    ...oldCriu,
  });
test.serial('no room on the target in which CRIU could compare CPUs', refused, ['ct101', 'b'], {
  code: 'CPU_CHECK',
  message: /no space left/,
  host: 'target',
  on: 'b',
  // CRIU has written down there what it knows of the kernel.
  cause:
    'criu check >/dev/null 2>&1 || true; mount -o remount,size=$(($(df --output=used --block-size=1K /run | tail -n 1)))k /run',
  mend: 'mount -o remount,size=50% /run',
});
test.serial('several reasons are all said at once, each with its host and hint', async (t) => {
  const args = ['--criu-path', '/nonexistent', 'ct101', 'b'];
  for (const command of ['migrate', 'check']) {
    const { exitCode, error, text } = await meanwhile(lab.host('b'), noCriu.cause, noCriu.mend, () =>
      unharmed(t, lab, () => phaul(lab.host('a'), args, command)),
    );
    t.is(exitCode, 3);
    t.deepEqual(
      error?.refusals?.map(({ code, host }) => [code, host]),
      [
        ['CRIU_MISSING', 'source'],
        ['CRIU_MISSING', 'target'],
      ],
    );
    for (const { message, hint } of error?.refusals ?? [])
      for (const part of [message, hint]) t.true(text.includes(part));
  }
});

const elsewhere = '/srv/elsewhere';
test.serial('a container of that name on the target', async (t) => {
  const b = lab.host('b');
  await plainContainer(b, { id: 'ct101', bundle: elsewhere, args: ['tail', '-f', '/dev/null'] });
  const end = await unharmed(t, lab, () => phaul(lab.host('a'), ['ct101', 'b']));
  failed(t, end, { code: 'NAME_TAKEN', message: /ct101/, act: 'preflight', host: 'target' });
  const other = await unharmed(t, lab, () =>
    phaul(lab.host('a'), ['--dst-id', 'free', '--dry-run', 'ct101', 'b']),
  );
  t.is(other.exitCode, 0, other.text);
  await removePlain(b, 'ct101', elsewhere);
});
test.serial("files at the container's place on the target", refused, ['ct101', 'b'], {
  code: 'PATH_TAKEN',
  message: /\/srv\/ct101-data/,
  host: 'target',
  on: 'b',
  cause: 'mkdir /srv/ct101-data; echo precious >/srv/ct101-data/file',
  mend: 'grep -q precious /srv/ct101-data/file; rm -r /srv/ct101-data',
});
test.serial('an address that the target has already', refused, ['ct101', 'b'], {
  code: 'NETWORK_TAKEN',
  host: 'target',
  on: 'b',
  cause: 'ip netns add ct101',
  mend: 'ip netns del ct101',
});
test.serial('no container of that name', refused, ['ct999', 'b'], {
  state: 'unknown',
  code: 'CONTAINER_UNKNOWN',
  message: /ct999.*runc.*pid/,
});
for (const name of ['../../etc', '.', 'a/b', 'a\nb', ''])
  test.serial(`the name ${JSON.stringify(name)}`, refused, [name, 'b'], {
    state: 'unknown',
    code: 'CONTAINER_NAME',
  });
for (const name of ['../../etc', 'a b', '-x'])
  test.serial(
    `the name ${JSON.stringify(name)} for the target`,
    refused,
    [`--dst-id=${name}`, 'ct101', 'b'],
    {
      state: 'unknown',
      code: 'CONTAINER_NAME',
    },
  );
test.serial('a kind of container that is not built in', refused, ['--type', 'jail', 'ct101', 'b'], {
  state: 'unknown',
  code: 'DRIVER_UNKNOWN',
  message: /runc, .*pid/,
});
test.serial('iterations that the kernel cannot do', refused, ['--pre-dump', 'ct101', 'b'], {
  code: 'KERNEL_FEATURE',
  host: 'source',
});
test.serial(
  'a place for images that the target does not have',
  refused,
  ['--img-path', '/root/images', '--keep-images', 'ct101', 'b'],
  {
    code: 'PATH_MISSING',
    host: 'target',
    cause: 'mkdir /root/images',
    mend: 'rmdir /root/images',
  },
);
test.serial(
  'a place for images that the source does not have',
  refused,
  ['--img-path', '/root/nowhere', '--keep-images', 'ct101', 'b'],
  { code: 'PATH_MISSING', host: 'source' },
);

test.serial('a name that two kinds know', async (t) => {
  const a = lab.host('a');
  const pid = await a.sh('setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $!');
  await plainContainer(a, { id: pid, args: ['tail', '-f', '/dev/null'] });
  const end = await unharmed(t, lab, () => phaul(a, [pid, 'b']));
  failed(t, end, { state: 'unknown', code: 'CONTAINER_AMBIGUOUS', message: /runc, pid/ });
  for (const type of ['runc', 'pid']) {
    const { exitCode, text } = await phaul(a, ['--type', type, '--dry-run', pid, 'b']);
    t.is(exitCode, 0, text);
  }
  await removePlain(a, pid);
  await a.sh(`kill ${pid}`);
});
test.serial('standard files that lead out of the container', async (t) => {
  const a = lab.host('a');
  await plainContainer(a, { id: 'ct102', args: ['tail', '-f', '/dev/null'], stdout: '/srv/ct102.log' });
  const end = await unharmed(t, lab, () => phaul(a, ['ct102', 'b']));
  failed(t, end, { code: 'FILE_OUTSIDE', message: /\/srv\/ct102\.log open as descriptor 1/, host: 'source' });
  await removePlain(a, 'ct102');
  await a.sh('rm /srv/ct102.log');
});
test.serial('a container that does not run', async (t) => {
  const a = lab.host('a');
  await plainContainer(a, { id: 'ct102', args: ['tail', '-f', '/dev/null'] });
  await a.sh('runc pause ct102');
  const end = await unharmed(t, lab, () => phaul(a, ['ct102', 'b']));
  failed(t, end, { code: 'CONTAINER_STATE', message: /ct102 is paused/, host: 'source', state: 'unknown' });
  await removePlain(a, 'ct102');
});

for (const args of [
  [],
  ['ct101'],
  ['ct101', 'b', 'c'],
  ['--no-such-option', 'ct101', 'b'],
  ['--timeout', '0', 'ct101', 'b'],
  ['--img-path', 'relative', 'ct101', 'b'],
  ['--keep-images', 'ct101', 'b'],
  ['--mode', 'dead', 'ct101', 'b'],
  ['ct101', 'b;id'],
  ['ct101', 'b:99999'],
  ['--', 'ct101', '-oProxyCommand=id'],
])
  test.serial(`wrong use: ${args.join(' ')}`, async (t) => {
    const { exitCode, error } = await phaul(lab.host('a'), args);
    t.is(exitCode, 2);
    t.like(error, { code: 'USAGE', exitCode: 2 });
  });

test.serial('a phaul on the target that is not root', refused, ['ct101', 'b'], {
  code: 'TARGET_NOT_ROOT',
  host: 'target',
  on: 'b',
  cause: `mv /usr/local/bin/phaul /root/phaul
    printf '#!/bin/sh\\nexec setpriv --reuid=65534 --clear-groups node /opt/phaul/dist/bundle/src/cli/main.js "$@"' >/usr/local/bin/phaul
    chmod +x /usr/local/bin/phaul`,
  mend: 'mv /root/phaul /usr/local/bin/phaul',
});
