// phaul check: everything at once, and nothing changed by it.
import test from 'ava';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { untilAtRest } from './footprint.ts';
import { phaul } from './phaul.ts';
import { ensureRedis, meanwhile, unharmed } from './stage.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
  await ensureRedis(lab);
});
test.after.always(() => Lab.down());

// With contents, as far as size and time tell. Of phaul's own two directories, empty as before, the time: a journal has come and gone. CRIU's cache is made by any CRIU.
const places = `
for place in /etc /var /run /tmp /root /srv; do
  find $place -xdev -printf '%p %y %m %u:%g %s %T@\\n' 2>/dev/null || true
done | grep -Ev '^(/run/criu.kdat|/run|/run/utmp|/run/sshd.*|/var/log/(lastlog|wtmp|btmp).*|/srv/ct101-data.*) ' |
  sed -E 's,^(/run/phaul|/var/lib/phaul) (.*) [0-9.]+$,\\1 \\2,' | sort
echo $(wc -l </proc/self/mountinfo) mounts, $(find /sys/fs/cgroup -type d | wc -l) cgroups
iptables-save 2>/dev/null | grep -v '^#' || true`;

/** What was on the hosts before and is not any more, and the other way round. */
async function changed(hosts: readonly Host[], work: () => Promise<void>): Promise<string[]> {
  const look = (): Promise<string[][]> =>
    Promise.all(
      hosts.map(async (host) => (await host.sh(places)).split('\n').map((line) => `${host.name}: ${line}`)),
    );
  await Promise.all(hosts.map(untilAtRest));
  const before = (await look()).flat();
  await work();
  const after = (await look()).flat();
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}

for (const args of [['ct101', 'b'], ['ct101'], []])
  test.serial(`phaul check ${args.join(' ')} changes nothing on either host`, async (t) => {
    const [a, b] = [lab.host('a'), lab.host('b')];
    // What the first use of a tool makes.
    await phaul(a, args, 'check');
    const check = async (): Promise<void> => {
      const end = await unharmed(t, lab, () => phaul(a, args, 'check'));
      t.is(end.exitCode, 0, end.text);
    };
    t.deepEqual(await changed([a, b], check), []);
  });

test.serial('a check that refuses changes nothing either', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  await meanwhile(b, 'ip netns add ct101', 'ip netns delete ct101', async () => {
    const check = async (): Promise<void> => {
      const end = await unharmed(t, lab, () => phaul(a, ['ct101', 'b'], 'check'));
      t.is(end.exitCode, 3, end.text);
    };
    t.deepEqual(await changed([a, b], check), []);
  });
});

test.serial('what both hosts are and have is said, and how long it would take', async (t) => {
  const { text, exitCode } = await phaul(lab.host('a'), ['ct101', 'b'], 'check');
  t.is(exitCode, 0, text);
  t.regex(
    text,
    /The source, a: phaul \d\S*, kernel \S+, CRIU 4\.\S+, runc \d\S+, rsync \d\S+, ip \d\S+; it has .*lazy restore/,
  );
  t.regex(text, /The target, b: phaul \d\S*, kernel \S+, CRIU 4\.\S+, runc \d/);
  t.regex(
    text,
    /^At most [\d.]+ MiB of files, over a link of [\d.]+ [MG]iB\/s: it would take about .* still for \d/m,
  );
});

const busy = `
const fs = require('node:fs');
const net = require('node:net');
fs.openSync('/dev/fuse', 'r+');
const large = fs.openSync('/root/large', 'w+');
fs.writeSync(large, Buffer.alloc(1));
require('node:child_process').execFileSync('fallocate', ['-l', '300M', '/root/large']);
fs.unlinkSync('/root/large');
net.connect(22, '10.77.0.3');
net.createServer().listen(7777, () => fs.writeFileSync('/root/busy', ''));
setInterval(() => undefined, 1 << 30);`;

test.serial(
  'everything that a process has open is said at once, with the process, a code and a hint',
  async (t) => {
    const a = lab.host('a');
    await a.write('/root/busy.js', busy);
    await lab.host('b').sh(
      `setsid node -e "require('net').createServer().listen(7777)" </dev/null >/dev/null 2>&1 & echo $! >/root/port.pid
        until ss -Hltn 'sport = 7777' | grep -q .; do sleep 0.02; done`,
    );
    const pid = await a.sh(
      'rm -f /root/busy; setsid node /root/busy.js </dev/null >/dev/null 2>&1 & echo $!; while [ ! -e /root/busy ]; do sleep 0.1; done',
    );
    try {
      const { error, text, exitCode } = await phaul(a, ['--type', 'pid', pid.trim(), 'b'], 'check');
      t.is(exitCode, 3, text);
      const found = error?.refusals ?? [];
      for (const code of ['DEVICE_OPEN', 'FILE_DELETED', 'HOST_NETWORK', 'PORT_TAKEN'])
        t.true(
          found.some((refusal) => refusal.code === code),
          `${code} in\n${text}`,
        );
      for (const { message, hint, code } of found) {
        t.regex(message, /\(pid \d+\)|^The process id/, code);
        t.true(hint !== '' && text.includes(message));
      }
      t.regex(text, /^On the source, what its processes have open:$/m);
    } finally {
      await a.sh(`kill -9 ${pid}; rm -f /root/busy /root/busy.js`);
      await lab.host('b').sh('kill -9 $(cat /root/port.pid); rm /root/port.pid');
    }
  },
);
