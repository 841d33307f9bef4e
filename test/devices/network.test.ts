import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { network } from '../../devices/network/network.ts';
import { containerIn, ip, makeLan, sourceOf, startAsker, startEcho } from './lan.ts';

const now = (): bigint => process.hrtime.bigint();

test.serial('a container without a namespace of its own has no network to move', async (t) => {
  const lan = makeLan();
  t.teardown(lan.remove);
  t.deepEqual(await network.source({ ...containerIn(lan), network: null }, lan.ctx), []);
});

for (const [family, address] of [
  ['IPv4', '::ffff:10.78.0.2'],
  ['IPv6', 'fd78::2'],
] as const)
  test.serial(`the address moves with the container over ${family}: source, silence, target`, async (t) => {
    const lan = makeLan();
    t.teardown(lan.remove);
    const source = await sourceOf(lan);
    const here = await startEcho(lan.container, 'source');
    const asker = await startAsker(lan.names.client, address);
    t.teardown(asker.stop);
    t.is(await asker.answer(now()), 'source');
    const target = network.target(lan.elsewhere(source.state), lan.ctx);
    t.deepEqual(await target.refusals(), []);
    await target.begin();
    const there = await startEcho(lan.onTarget, 'target');
    t.teardown(there.stop);
    t.is(await asker.answer(now()), 'source', 'not before the freeze');
    await source.freeze();
    const frozen = now();
    await sleep(500);
    t.is(await asker.answer(frozen, 0), null);
    t.deepEqual([here.heard(frozen), there.heard(0n)], [0, 0]);
    here.stop();
    await target.activate?.(null);
    t.is(await asker.answer(now()), 'target');
    await source.release();
    await source.release();
    t.is(await asker.answer(now()), 'target');
    t.false(
      ip('netns', 'list')
        .split('\n')
        .some((line) => line.split(' ')[0] === lan.container),
    );
    t.throws(() => ip('link', 'show', 'dev', lan.names.end));
  });

test.serial('an abort brings back the connection, with routes and neighbours as they were', async (t) => {
  const lan = makeLan();
  t.teardown(lan.remove);
  ip('-n', lan.container, 'route', 'add', 'default', 'via', '10.78.0.1');
  ip('-n', lan.container, 'neigh', 'add', '10.78.0.9', 'lladdr', '02:00:00:00:00:09', 'dev', 'eth0');
  const source = await sourceOf(lan);
  const echo = await startEcho(lan.container, 'source');
  t.teardown(echo.stop);
  const asker = await startAsker(lan.names.client, '::ffff:10.78.0.2');
  t.teardown(asker.stop);
  t.is(await asker.answer(now()), 'source');
  const before = portrait(lan.container);
  await source.freeze();
  await sleep(50);
  await source.abort();
  t.is(portrait(lan.container), before);
  t.is(await asker.answer(now()), 'source');
  await source.abort();
  t.is(await asker.answer(now()), 'source');
});

test.serial('after an abort switches know that it is here, though it says nothing', async (t) => {
  const lan = makeLan();
  t.teardown(lan.remove);
  const source = await sourceOf(lan);
  const mac = /ether (\S+)/.exec(ip('-n', lan.container, 'link', 'show', 'dev', 'eth0'))?.[1] ?? '?';
  const known = (): string =>
    execFileSync('bridge', ['fdb', 'show', 'br', lan.names.b], { encoding: 'utf8' });
  await source.freeze();
  // As after an announcement by the target.
  for (const line of known().split('\n'))
    if (line.startsWith(mac))
      execFileSync('bridge', ['fdb', 'del', mac, 'dev', line.split(' ')[2] ?? '', 'master']);
  t.false(known().includes(mac));
  await source.abort();
  const learned = new RegExp(`^${mac} dev \\S+ba `, 'm');
  for (let i = 0; i < 500 && !learned.test(known()); i++) await sleep(20);
  t.regex(known(), learned);
});

test.serial('everything inside the namespace is the same on the target', async (t) => {
  const lan = makeLan();
  t.teardown(lan.remove);
  const inside = (...args: string[]): string => ip('-n', lan.container, ...args);
  inside('link', 'set', 'eth0', 'mtu', '1400');
  inside('address', 'add', '10.78.0.3/24', 'dev', 'eth0', 'label', 'eth0:1');
  inside('address', 'add', '10.79.0.1', 'peer', '10.79.0.2', 'dev', 'eth0');
  inside('address', 'add', 'fd78::3/64', 'dev', 'eth0', 'nodad', 'noprefixroute');
  inside('address', 'add', 'fd78::4/64', 'dev', 'eth0', 'nodad');
  inside('address', 'add', '192.0.2.7/32', 'dev', 'lo');
  inside('route', 'add', 'default', 'via', '10.78.0.1', 'metric', '100');
  inside('route', 'add', '198.51.100.0/24', 'via', '203.0.113.1', 'dev', 'eth0', 'onlink', 'mtu', '1300');
  inside('route', 'add', '203.0.113.0/24', 'dev', 'eth0', 'src', '10.78.0.3');
  inside('route', 'add', 'blackhole', '10.99.0.0/16');
  inside('-6', 'route', 'add', 'default', 'via', 'fd78::1');
  const set = (key: string, value: string): string =>
    ip('netns', 'exec', lan.container, '/bin/sh', '-c', 'echo "$1" > "/proc/sys/net/$0"', key, value);
  set('core/somaxconn', '1234');
  set('ipv4/ip_unprivileged_port_start', '80');
  set('ipv4/conf/eth0/rp_filter', '2');
  const source = await sourceOf(lan);
  t.deepEqual(await source.refusals(), []);
  const target = network.target(lan.elsewhere(source.state), lan.ctx);
  await target.begin();
  await source.freeze();
  await target.activate?.(null);
  t.is(portrait(lan.onTarget), portrait(lan.container));
  t.deepEqual(lan.said, []);
});

test.serial('a routed link, without a bridge, moves with its addresses and routes on the host', async (t) => {
  const lan = makeLan();
  t.teardown(lan.remove);
  ip('link', 'set', lan.names.end, 'nomaster');
  ip('address', 'add', '10.80.0.1/32', 'dev', lan.names.end);
  ip('route', 'add', '10.80.0.2/32', 'dev', lan.names.end);
  const inside = (...args: string[]): string => ip('-n', lan.container, ...args);
  inside('address', 'flush', 'dev', 'eth0');
  inside('address', 'add', '10.80.0.2/32', 'dev', 'eth0');
  inside('route', 'add', '10.80.0.1', 'dev', 'eth0');
  inside('route', 'add', 'default', 'via', '10.80.0.1');
  const source = await sourceOf(lan);
  const [there, hostRoutes] = [portrait(lan.container), ip('route', 'show', 'dev', lan.names.end)];
  await source.freeze();
  t.is(ip('route', 'show', 'dev', lan.names.end), '');
  await source.abort();
  t.is(ip('route', 'show', 'dev', lan.names.end), hostRoutes);
  const target = network.target(lan.elsewhere(source.state), lan.ctx);
  await target.begin();
  await source.freeze();
  t.is(ip('route', 'show', 'dev', `${lan.names.end}2`), '');
  await target.activate?.(null);
  t.is(ip('route', 'show', 'dev', `${lan.names.end}2`), hostRoutes);
  t.is(withoutNeighbours(portrait(lan.onTarget)), withoutNeighbours(there));
});

test.serial('every address is announced when the target takes over', async (t) => {
  const lan = makeLan();
  t.teardown(lan.remove);
  const source = await sourceOf(lan);
  const target = network.target(lan.elsewhere(source.state), lan.ctx);
  await target.begin();
  await source.freeze();
  const mac = /ether (\S+)/.exec(ip('-n', lan.container, 'link', 'show', 'dev', 'eth0'))?.[1] ?? '';
  const neighbours = (): string => ip('-n', lan.names.client, 'neigh', 'show', 'dev', 'eth0');
  // Only an announcement corrects what the client believes: nobody speaks to anybody here.
  for (const address of ['10.78.0.2', 'fd78::2'])
    ip(
      '-n',
      lan.names.client,
      'neigh',
      'replace',
      address,
      'lladdr',
      '02:00:00:00:00:99',
      'dev',
      'eth0',
      'nud',
      'stale',
    );
  await target.activate?.(null);
  const corrected = (): boolean =>
    ['10.78.0.2', 'fd78::2'].every((address) => neighbours().includes(`${address} lladdr ${mac} `));
  for (let i = 0; i < 500 && !corrected(); i++) await sleep(20);
  t.true(corrected(), neighbours());
});

test.serial('an undone migration leaves nothing on the target, at any point', async (t) => {
  const lan = makeLan();
  t.teardown(lan.remove);
  const source = await sourceOf(lan);
  const links = (): string[] =>
    ip('-o', 'link')
      .split('\n')
      .filter((line) => line.includes(lan.names.end))
      .map((line) => line.split(': ')[1] ?? '');
  const before = links();
  const target = network.target(lan.elsewhere(source.state), lan.ctx);
  await target.abort();
  for (const activated of [false, true]) {
    await target.begin();
    if (activated) await target.activate?.(null);
    await target.abort();
    await target.abort();
    t.deepEqual(links(), before);
    t.false(ip('netns', 'list').includes(lan.onTarget));
  }
});

test.serial('what the target has already is refused, and left alone by an abort', async (t) => {
  const lan = makeLan();
  t.teardown(lan.remove);
  const source = await sourceOf(lan);
  const taken = network.target(source.state, lan.ctx);
  t.deepEqual(
    (await taken.refusals()).map(({ code }) => code),
    ['NETWORK_TAKEN', 'NETWORK_TAKEN'],
  );
  await t.throwsAsync(taken.begin());
  await taken.abort();
  t.true(ip('netns', 'list').includes(lan.container));
  ip('link', 'delete', lan.names.b);
  const missing = network.target(lan.elsewhere(source.state), lan.ctx);
  t.deepEqual(
    (await missing.refusals()).map(({ code }) => code),
    ['PATH_MISSING'],
  );
});

test.serial(
  "an address that is the target's own is refused, and a bridge that is too narrow is said",
  async (t) => {
    const lan = makeLan();
    t.teardown(lan.remove);
    const target = network.target(lan.elsewhere((await sourceOf(lan)).state), lan.ctx);
    t.deepEqual([await target.refusals(), lan.said], [[], []]);
    ip('address', 'add', '10.78.0.2/32', 'dev', lan.names.b);
    ip('link', 'set', lan.names.b, 'mtu', '1400');
    const [refusal, ...others] = await target.refusals();
    t.like(refusal, {
      code: 'NETWORK_TAKEN',
      message: `The target itself has the container's address 10.78.0.2/32 (${lan.names.b}).`,
    });
    t.deepEqual(others, []);
    t.regex(
      lan.said.join(),
      /warn: The container's link eth0 has an MTU of 1500, the target's bridge \S+ one of 1400/,
    );
  },
);

test.serial('other kinds of link are refused on the source', async (t) => {
  const lan = makeLan();
  t.teardown(lan.remove);
  ip('-n', lan.container, 'link', 'add', 'other', 'type', 'bridge');
  const source = await sourceOf(lan);
  t.like(await source.refusals(), [{ code: 'NETWORK_UNSUPPORTED' }]);
  t.regex((await source.refusals())[0]?.message ?? '', /other/);
});

test.serial('a source that describes something else than a network is turned away', async (t) => {
  const lan = makeLan();
  t.teardown(lan.remove);
  const good = (await sourceOf(lan)).state;
  const text = JSON.stringify(good);
  const bad = [
    text.replace(/\/run\/netns\//, '/run/netns/../'),
    text.replace(/\/run\/netns\//, '/etc/'),
    text.replace('"name":"eth0"', '"name":"eth0\\nlink delete dev eth1"'),
    text.replace('"name":"eth0"', '"name":"a/b"'),
    text.replace('10.78.0.2', '10.78.0.2 dev lo'),
    text.replace('"core/somaxconn"', '"ipv4/../../kernel/core_pattern"'),
    text.replace('"sysctls":{}', '"sysctls":{"ipv4/conf/all/forwarding":"1"}'),
    text.replace('"mtu":1500', '"mtu":1500,"more":1'),
    'null',
  ];
  for (const state of bad) {
    t.not(state, text);
    t.throws(() => network.target(JSON.parse(state), lan.ctx), { code: 'PROTOCOL_ERROR' } as never, state);
  }
});

/** Links, addresses, routes, neighbours that are no mere cache, and sysctls, as text. */
function portrait(namespace: string): string {
  const shown = [
    ip('-n', namespace, '-details', 'link'),
    ip('-n', namespace, 'address'),
    ip('-n', namespace, '-4', 'route'),
    ip('-n', namespace, '-6', 'route'),
    ip('-n', namespace, '-4', 'route', 'show', 'table', 'local'),
    ip('-n', namespace, 'neigh', 'show', 'nud', 'permanent'),
    ip('netns', 'exec', namespace, 'sysctl', '-a', '-r', '^net\\.(core.somaxconn|ipv4|ipv6\\.conf)'),
  ].join('');
  return shown
    .split('\n')
    .filter((line) => !/arp_notify|ndisc_notify|stable_secret/.test(line))
    .join('\n')
    .replaceAll(/@if\d+|link-netns \S+|link-netnsid \d+| nodad| tentative| dadfailed/g, '');
}

const withoutNeighbours = (text: string): string => text.replaceAll(/^.*lladdr.*$/gm, '');
