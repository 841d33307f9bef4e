// What README and docs tell people to type on hosts is typed there. What is typed elsewhere: every-command.test.ts.
import test, { type ExecutionContext } from 'ava';
import { removeContainer } from '../lab/container.ts';
import { mountDisk } from '../lab/disk.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { startRedis } from '../lab/redis.ts';
import { startPhaul } from '../migration/phaul.ts';
import { blocks, linesOf, linesTypedAt, typedAt } from './blocks.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
  // As the docs call it.
  const names = ['a', 'b'].map((name) => `Host host${name}\n  HostName ${name}\n`).join('');
  for (const name of ['a', 'b'] as const)
    await lab.host(name).sh(`printf '%s' '${names}' >>/root/.ssh/config`);
  // Where the shells look, if they are there.
  await lab
    .host('a')
    .sh('mkdir -p /etc/bash_completion.d /usr/local/share/zsh/site-functions /etc/fish/completions');
});
test.after.always(() => Lab.down());

/** Types it at a prompt there. */
const typed = async (host: Host, text: string): Promise<{ exitCode: number; said: string }> => {
  const { exitCode, stdout, stderr } = await host.run(['bash', '-euo', 'pipefail', '-c', text], {
    check: false,
  });
  return { exitCode, said: `${text}\n${stdout}${stderr}` };
};

async function withRedis(t: ExecutionContext): Promise<Host> {
  t.teardown(async () => {
    for (const host of [lab.host('a'), lab.host('b')]) await removeContainer(host, 'ct101');
  });
  await startRedis(lab.host('a'), { mebibytes: 16 });
  return lab.host('a');
}

for (const { page, text } of typedAt(''))
  for (const command of linesOf(text))
    test.serial(`${page}: ${command}`, async (t) => {
      const { exitCode, said } = await typed(await withRedis(t), command);
      t.is(exitCode, 0, said);
    });

for (const command of linesTypedAt('during'))
  test.serial(`while ct101 moves: ${command}`, async (t) => {
    const a = await withRedis(t);
    const slow = startPhaul(a, ['--bwlimit', '1M', 'ct101', 'hostb']);
    await slow.event({ type: 'act-begin', act: 'prepare' });
    const { exitCode, said } = await typed(a, command);
    t.is(exitCode, 0, said);
    t.is((await slow.ended).error?.code, 'CANCELLED');
  });

/** What each host of a page is told to do, from top to bottom: nothing that the one before it did is made anew. */
const told = new Map([
  ...typedAt('source').map((block) => [block, 'a'] as const),
  ...typedAt('target').map((block) => [block, 'b'] as const),
]);
for (const page of new Set([...told.keys()].map((block) => block.page)))
  test.serial(`${page}, from top to bottom`, async (t) => {
    for (const block of blocks.filter((each) => each.page === page)) {
      const name = told.get(block);
      if (!name) continue;
      const { exitCode, said } = await typed(lab.host(name), block.text);
      t.is(exitCode, 0, said);
    }
  });

test.serial('docs/storage.md: a volume for btrfs', async (t) => {
  const c = lab.host('c');
  await mountDisk(c, { path: '/srv', type: 'btrfs', mebibytes: 256 });
  await onHost(t, 'docs/storage.md', (line) => line);
  t.regex(await c.sh('btrfs subvolume list /srv'), /path volume$/m);
});

test.serial('docs/troubleshooting.md: a network that is still shut is open again', async (t) => {
  const c = lab.host('c');
  await c.sh(`
    for link in bridged routed; do ip link add $link type veth peer name $link-in; ip link set $link-in up; done
    ip link set bridged master br0 up
    bridge link set dev bridged state 0`);
  t.teardown(() => c.sh('ip link delete bridged; ip link delete routed').then(() => undefined));
  await onHost(t, 'docs/troubleshooting.md', (line) =>
    line.replace('LINK', line.startsWith('bridge') ? 'bridged' : 'routed'),
  );
  t.regex(await c.sh('bridge link show dev bridged'), /state forwarding/);
  t.regex(await c.sh('ip link show routed'), /state UP/);
});

/** Types a page's lines for any host on c. @param fill puts something in the place of their placeholders */
async function onHost(t: ExecutionContext, page: string, fill: (line: string) => string): Promise<void> {
  const lines = typedAt('host')
    .filter((block) => block.page === page)
    .flatMap(({ text }) => linesOf(text));
  t.true(lines.length > 0);
  const { exitCode, said } = await typed(lab.host('c'), lines.map(fill).join('\n'));
  t.is(exitCode, 0, said);
}

test('no other page has lines for any host', (t) => {
  t.deepEqual(
    typedAt('host').map(({ page }) => page),
    ['docs/storage.md', 'docs/troubleshooting.md'],
  );
});

test.serial('the container of the first migration counts on where it was', async (t) => {
  const [made = '', started = ''] = typedAt('source')
    .filter(({ page }) => page === 'docs/first-migration.md')
    .map(({ text }) => text)
    .filter((text) => /runc run|rootfs\/counter/.test(text));
  const [a, b] = [lab.host('a'), lab.host('b')];
  t.teardown(async () => {
    for (const host of [a, b])
      await host.sh('runc delete --force first; rm -rf /srv/first /srv/.phaul-left-first');
  });
  await a.sh(made);
  await a.sh(started);
  // Between two numbers the file is empty for a moment.
  const before = Number(await a.sh('until grep . /srv/first/rootfs/counter; do sleep 0.1; done'));
  await a.run(['phaul', 'migrate', 'first', 'hostb']);
  const after = await b.sh('until grep . /srv/first/rootfs/counter; do sleep 0.1; done');
  t.true(Number(after) >= before, `${before} there, then ${after}`);
  await b.sh(`until [ "$(cat /srv/first/rootfs/counter)" -gt ${after} ] 2>/dev/null; do sleep 0.1; done`);
});
