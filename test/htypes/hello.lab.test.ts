// The path of a third party (docs/write-a-driver.md): the example is examined, packed, installed with npm on both hosts, and moves a program.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { typedAt } from '../docs/blocks.ts';
import { Lab } from '../lab/lab.ts';
import type { NamespaceHost } from '../lab/namespace-host.ts';
import { projectDirectory } from '../lab/paths.ts';
import { footprint, isAsBefore } from '../migration/footprint.ts';
import { phaul } from '../migration/phaul.ts';
import { failed } from '../migration/stage.ts';

const example = join(projectDirectory, 'examples/phaul-htype-hello');
const installed = '/usr/local/lib/phaul/node_modules/phaul-htype-hello';
const settings = '/etc/phaul/phaul.toml';

let lab: Lab;
let a: NamespaceHost;
let b: NamespaceHost;
test.before(async () => {
  lab = await Lab.up();
  [a, b] = [lab.host('a'), lab.host('b')];
  const home = mkdtempSync('/tmp/phaul-hello-');
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', home, example]);
    for (const host of [a, b]) await install(host, join(home, 'phaul-htype-hello-1.0.0.tgz'));
  } finally {
    rmSync(home, { recursive: true });
  }
});
test.beforeEach(() => Promise.all([a, b].map(list)));
test.afterEach.always(async () => {
  for (const host of [a, b])
    await host.sh('while pkill -KILL -f "^python3 -c.*greet"; do sleep 0.02; done; rm -f /run/*.hello', {
      timeoutMs: 60_000,
    });
});
test.after.always(() => Lab.down());

/** With the machine's own npm: the hosts have none, and no way to a registry. */
async function install(host: NamespaceHost, tarball: string): Promise<void> {
  const npm = join(execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim(), 'npm');
  cpSync(npm, join(host.root, 'usr/local/lib/npm'), { recursive: true });
  cpSync(tarball, join(host.root, 'root/hello.tgz'));
  await host.sh(`
    node /usr/local/lib/npm/bin/npm-cli.js install --offline --no-audit --no-fund --prefix /usr/local/lib/phaul /root/hello.tgz
    rm -r /usr/local/lib/npm /root/hello.tgz`);
}

async function list(host: NamespaceHost): Promise<void> {
  await host.sh('mkdir -p /etc/phaul');
  await host.write(settings, '[drivers]\nhtype = ["hello"]\n');
}

// It counts, and says how far when it is asked.
const program = `
import signal, time
count = 0
def greet(*_):
    with open('/run/greeting', 'w') as file: file.write(str(count))
signal.signal(signal.SIGUSR1, greet)
open('/run/greeting', 'w').close()
while True:
    count += 1
    time.sleep(0.002)`;

/** Starts it on a host, under a pid that is free on the other. */
async function start(host: NamespaceHost): Promise<string> {
  await host.write('/root/greet.py', program);
  return host.sh(`
    rm -f /run/greeting
    echo 20000 >/proc/sys/kernel/ns_last_pid
    setsid python3 -c "$(cat /root/greet.py)" </dev/null >/dev/null 2>&1 & pid=$!
    until [ -e /run/greeting ]; do sleep 0.01; done
    echo $pid | tee /run/greeter.hello`);
}

async function counted(host: NamespaceHost): Promise<number> {
  const said = await host.sh(`
    rm -f /run/greeting
    kill -USR1 $(cat /run/greeter.hello)
    until [ -s /run/greeting ]; do sleep 0.01; done
    cat /run/greeting`);
  return Number(said);
}

test.serial('the example passes the examination, as its author runs it', (t) => {
  const home = mkdtempSync('/tmp/phaul-hello-');
  t.teardown(() => rmSync(home, { recursive: true }));
  cpSync(example, home, { recursive: true });
  mkdirSync(join(home, 'node_modules'));
  symlinkSync(projectDirectory, join(home, 'node_modules/phaul'));
  const said = execFileSync('node', ['--test'], { cwd: home, encoding: 'utf8' });
  t.regex(said, /^# fail 0$/m);
  t.true(Number(/^# pass (\d+)$/m.exec(said)?.[1]) > 20);
});

test.serial('phaul drivers shows it on both hosts, and what it can do', async (t) => {
  for (const host of [a, b]) {
    const { drivers } = JSON.parse(await host.sh('phaul drivers --json')) as { drivers: { name: string }[] };
    t.like(
      drivers.find(({ name }) => name === 'hello'),
      {
        kind: 'htype',
        origin: 'phaul-htype-hello',
        version: '1.0.0',
        apiVersion: 1,
        capabilities: { live: true, preDump: true, revive: false },
      },
    );
  }
});

test.serial('a program moves with it, goes on, and comes back', async (t) => {
  const pid = await start(a);
  const onA = await counted(a);
  const there = await phaul(a, ['greeter', 'b']);
  t.is(there.exitCode, 0, there.text);
  t.like(there.summary, { container: 'greeter', htype: 'hello', pid: Number(pid) });
  t.is(await b.sh('cat /run/greeter.hello'), pid);
  t.is(await a.sh('ls /run/*.hello 2>/dev/null || true'), '');
  const onB = await counted(b);
  t.true(onB > onA);
  const back = await phaul(b, ['greeter', 'a']);
  t.is(back.exitCode, 0, back.text);
  t.true((await counted(a)) > onB);
});

test.serial('the lines of docs/write-a-driver.md move one, too', async (t) => {
  await a.sh(`
    printf 'Host hostb\\n  HostName b\\n' >>/root/.ssh/config
    echo 30000 >/proc/sys/kernel/ns_last_pid`);
  t.teardown(() => b.sh('pkill -KILL -x sleep').then(() => undefined));
  const [greeter] = typedAt('greeter');
  const { exitCode, stdout, stderr } = await a.run(['bash', '-euc', greeter!.text], { check: false });
  t.is(exitCode, 0, stdout + stderr);
  t.is(await b.sh('cat /proc/$(cat /run/greeter.hello)/comm'), 'sleep');
});

test.serial('a target whose settings do not list it refuses, whatever is installed there', async (t) => {
  await start(a);
  await b.sh(`rm ${settings}`);
  const before = await footprint(b);
  const end = await phaul(a, ['greeter', 'b']);
  failed(t, end, { code: 'DRIVER_UNKNOWN', message: /There is no htype hello; there are: runc, .*pid\./ });
  await isAsBefore(t, b, before);
  t.true((await counted(a)) > 0);
});

test.serial('one for another version of the contracts is refused on the host that has it', async (t) => {
  await start(a);
  // The source's phaul does not even know then whether there is such a container.
  for (const { host, state } of [
    { host: a, state: 'unknown' },
    { host: b, state: 'running' },
  ] as const) {
    await host.sh(`sed -i 's/apiVersion: 1/apiVersion: 2/' ${installed}/index.js`);
    const end = await phaul(a, ['greeter', 'b']);
    await host.sh(`sed -i 's/apiVersion: 2/apiVersion: 1/' ${installed}/index.js`);
    failed(t, end, { code: 'DRIVER_API', state, message: /is for version 2 of phaul's drivers/ });
  }
  t.true((await counted(a)) > 0);
});

test.serial(
  'one that cannot be used is shown beside the others, and keeps nobody from using them',
  async (t) => {
    await a.write(settings, '[drivers]\nhtype = ["hello", "none"]\n');
    const { stdout, exitCode } = await a.run(['phaul', 'drivers'], { check: false });
    t.is(exitCode, 3);
    t.regex(
      stdout,
      /^htype +none +phaul-htype-none +DRIVER_MISSING: .* is not installed in \/usr\/local\/lib\/phaul\./m,
    );
    t.regex(stdout, /^htype +hello +phaul-htype-hello 1\.0\.0 +Programs/m);
    failed(t, await phaul(a, ['greeter', 'b']), { code: 'DRIVER_MISSING', state: 'unknown', host: 'source' });
    await start(a);
    const end = await phaul(a, ['--dry-run', 'greeter', 'b']);
    t.is(end.exitCode, 0, end.text);
  },
);
