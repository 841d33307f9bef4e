import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readConfig } from '../src/config.ts';

function written(t: ExecutionContext, text: string): string {
  const home = mkdtempSync('/tmp/phaul-config-');
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  const path = join(home, 'phaul.toml');
  writeFileSync(path, text);
  return path;
}

const noDrivers = { directory: '/usr/local/lib/phaul', htype: [], fs: [], device: [] };
const nothing = { drivers: noDrivers, devices: {}, migrate: {}, log: { level: 'info' }, metrics: {} };

test('a host without the file has no settings', async (t) => {
  t.deepEqual(await readConfig('/nonexistent/phaul.toml'), nothing);
  t.deepEqual(await readConfig(written(t, '# nothing yet\n')), nothing);
});

test('devices have a program, and may have containers and a time limit', async (t) => {
  const path = written(
    t,
    '[devices.drbd]\ncommand = "/a b"\ncontainers = ["ct1"]\ntime-limit = 2.5\n[devices.gpu]\ncommand = "/c"',
  );
  t.deepEqual(await readConfig(path), {
    ...nothing,
    devices: {
      drbd: { command: '/a b', containers: ['ct1'], 'time-limit': 2.5 },
      gpu: { command: '/c', 'time-limit': 30 },
    },
  });
});

test('drivers from elsewhere are names or paths, and their packages are where it says', async (t) => {
  const path = written(
    t,
    '[drivers]\ndirectory = "/opt/d"\nhtype = ["hello", "/opt/box.js"]\ndevice = ["gpu"]\n',
  );
  t.deepEqual(await readConfig(path), {
    ...nothing,
    drivers: { directory: '/opt/d', htype: ['hello', '/opt/box.js'], fs: [], device: ['gpu'] },
  });
});

const invalid = test.macro<[string, RegExp]>({
  exec: async (t, text, message) => {
    const path = written(t, text);
    const error = await t.throwsAsync(readConfig(path), { code: 'CONFIG_INVALID', message });
    t.true(error.message.startsWith(`${path}: `));
    t.regex(error.message, /^[^\n]*[.?]$/);
  },
  title: (what) => `${what} is said, with its place`,
});
test('what is no TOML', invalid, '[devices.drbd]\ncommand = /x\n', /line 2, column \d+: /);
test('an unknown section', invalid, '[gadget.drbd]\ncommand = "/x"', /Unrecognized key: "gadget"\.$/);
test(
  'a section that was probably meant',
  invalid,
  '[device.drbd]\ncommand = "/x"',
  /Unrecognized key: "device"; did you mean "devices"\?$/,
);
test(
  'an unknown key',
  invalid,
  '[devices.drbd]\ncommand = "/x"\ntimeout = 3',
  /devices\.drbd: Unrecognized key: "timeout"\.$/,
);
test('a missing program', invalid, '[devices.drbd]\n', /devices\.drbd\.command: /);
test(
  'a program that is no absolute path',
  invalid,
  '[devices.drbd]\ncommand = "x"',
  /devices\.drbd\.command: must be an absolute path\.$/,
);
test(
  'no containers at all',
  invalid,
  '[devices.drbd]\ncommand = "/x"\ncontainers = []',
  /devices\.drbd\.containers: /,
);
test(
  'a time limit of nothing',
  invalid,
  '[devices.drbd]\ncommand = "/x"\ntime-limit = 0',
  /devices\.drbd\.time-limit: /,
);
test(
  'an endless time limit',
  invalid,
  '[devices.drbd]\ncommand = "/x"\ntime-limit = inf',
  /devices\.drbd\.time-limit: /,
);
test(
  'a name that is none',
  invalid,
  '[devices."../x"]\ncommand = "/x"',
  /must be small letters, digits and hyphens|Invalid key/,
);

test('a file that others than root can write to is not trusted', async (t) => {
  const path = written(t, '');
  for (const mode of [0o620, 0o602]) {
    chmodSync(path, mode);
    await t.throwsAsync(readConfig(path), {
      code: 'CONFIG_INVALID',
      message: /others than root may write to it/,
    });
  }
});
