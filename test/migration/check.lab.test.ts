// phaul check: everything at once, and nothing changed by it.
import test from 'ava';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { phaul } from './phaul.ts';
import { ensureRedis, unharmed } from './stage.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
  await ensureRedis(lab);
});
test.after.always(() => Lab.down());

// With contents, as far as size and time tell; phaul's own log files and CRIU's cache are not made by a check either, the cache by any CRIU.
const places = `
for place in /etc /var /run /tmp /root /srv; do
  find $place -xdev -printf '%p %y %m %u:%g %s %T@\\n' 2>/dev/null || true
done | grep -Ev '^(/run/criu.kdat|/run|/run/utmp|/run/sshd.*|/var/log/(lastlog|wtmp|btmp).*|/srv/ct101-data.*) ' | sort
cat /proc/self/mountinfo | wc -l
iptables-save 2>/dev/null | grep -v '^#' || true
find /sys/fs/cgroup -type d | wc -l
ls /proc/sys/fs/binfmt_misc 2>/dev/null || true`;

const looks = (...hosts: Host[]): Promise<string[]> => Promise.all(hosts.map((host) => host.sh(places)));

for (const args of [['ct101', 'b'], ['ct101'], []])
  test.serial(`phaul check ${args.join(' ')} changes nothing on either host`, async (t) => {
    const [a, b] = [lab.host('a'), lab.host('b')];
    // What the first use of a tool makes.
    await phaul(a, args, 'check');
    const before = await looks(a, b);
    const end = await unharmed(t, lab, () => phaul(a, args, 'check'));
    t.is(end.exitCode, 0, end.text);
    const after = await looks(a, b);
    for (const [index, text] of after.entries()) t.deepEqual(text.split('\n'), before[index]?.split('\n'));
  });

test.serial('a check that refuses changes nothing either', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  await b.sh('ip netns add ct101');
  const before = await looks(a, b);
  const end = await unharmed(t, lab, () => phaul(a, ['ct101', 'b'], 'check'));
  t.is(end.exitCode, 3, end.text);
  t.deepEqual(await looks(a, b), before);
  await b.sh('ip netns delete ct101');
});

test.serial('what both hosts are and have is said', async (t) => {
  const { text, exitCode } = await phaul(lab.host('a'), ['ct101', 'b'], 'check');
  t.is(exitCode, 0, text);
  t.regex(text, /The source, a: phaul \d\S*, kernel \S+, CRIU 4\.\S*; it has .*lazy restore/);
  t.regex(text, /The target, b: phaul \d\S*, kernel \S+, CRIU 4\./);
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
    await lab
      .host('b')
      .sh(
        'setsid node -e "require(\'net\').createServer().listen(7777)" </dev/null >/dev/null 2>&1 & echo $! >/root/port.pid',
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
