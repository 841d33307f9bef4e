import test from 'ava';
import { autoCompression } from '../../src/pages/auto-compression.ts';
import { fixedCompression } from '../../src/pages/compression.ts';
import { chance } from './chance.ts';
import { type Outcome, simulate, type World } from './fake-link.ts';

const text = (): number => 1 / 3;
const noise = (): number => 1;
const slow = { mebibytes: 256, link: () => 12.5, left: text };
const fast = { mebibytes: 1024, link: () => 1000, left: text };

/** What auto may need at most, as a multiple of no compression and of the better fixed choice, and of blocks and of a core. */
interface Bounds {
  readonly none?: number;
  readonly best?: number;
  readonly cpu?: number;
  readonly tried?: number;
}

const bounded = test.macro({
  exec: (t, world: World, bounds: Bounds) => {
    const auto = simulate(world, autoCompression);
    const [none, zstd] = (['raw', 'zstd'] as const).map((each) =>
      simulate(world, () => fixedCompression(each)),
    );
    const best = Math.min(none!.ms, zstd!.ms);
    const found = {
      none: auto.ms / none!.ms,
      best: auto.ms / best,
      cpu: auto.cpu,
      tried: auto.tried / auto.blocks,
    };
    t.log(Object.entries(found).map(([name, value]) => `${name} ${value.toFixed(3)}`));
    for (const [name, most] of Object.entries(bounds) as [keyof Bounds, number][])
      t.true(found[name] <= most, `${name}: ${found[name]} is more than ${most}`);
  },
  title: (what) => what ?? '',
});

const rarely = { none: 1.01, best: 1.05, cpu: 0.01, tried: 0.01 };
test('on a fast link blocks go raw, and probes cost less than 1 %', bounded, fast, rarely);
test('also where the link needs a core, as ssh does', bounded, { ...fast, cipher: true }, rarely);
test('also where there is but one core', bounded, { ...fast, cipher: true, cores: 1 }, rarely);
test('also with noise', bounded, { ...fast, cipher: true, left: noise }, rarely);
// The first two probes alone take 9 ms there.
test('also where a core compresses slowly', bounded, { ...fast, core: 60 }, { ...rarely, cpu: 0.02 });
test(
  'also for a short transfer',
  bounded,
  { ...fast, mebibytes: 128, cipher: true },
  { none: 1.02, cpu: 0.02 },
);
for (const link of [200, 250, 300, 400, 600])
  test(
    `at ${link} MB/s and one core for everything auto is not slower`,
    bounded,
    { ...fast, link: () => link, cipher: true, cores: 1 },
    { none: 1.02 },
  );
test('stalls of a fast link cost little', bounded, { ...fast, link: stalling }, { none: 1.05 });

for (const buffers of [0.25, 2, 8, 16])
  test(
    `a slow link shows itself behind buffers that swallow ${buffers} MiB`,
    bounded,
    { ...slow, buffers },
    { none: 0.4 },
  );
test(
  'a short transfer takes less than half the time too',
  bounded,
  { ...slow, mebibytes: 64 },
  { none: 0.4 },
);
test('blocks of 1 MiB', bounded, { ...slow, block: 2 ** 20 }, { none: 0.4, best: 1.1 });
test('1 MiB, and many of them at once', bounded, { ...slow, block: 2 ** 20, depth: 16 }, { none: 0.45 });
test('blocks of 16 KiB', bounded, { ...slow, mebibytes: 64, block: 2 ** 14 }, { none: 0.4 });
test('a link at 118 MB/s', bounded, { ...fast, link: () => 118, cipher: true }, { none: 0.5, best: 1.05 });
test('a link whose speed is never the same', bounded, { ...slow, link: trembling }, { none: 0.5, best: 1.1 });
test(
  'a link that goes in bursts',
  bounded,
  { ...slow, link: (ms) => (ms % 130 < 15 ? 108 : 0) },
  { none: 0.4 },
);
test('one in longer bursts', bounded, { ...slow, link: (ms) => (ms % 300 < 60 ? 62.5 : 0) }, { none: 0.4 });
test('one that stalls just when zstd is tried', bounded, { ...slow, link: stallAt(147) }, { none: 0.37 });
test('a source that is not much faster', bounded, { ...slow, source: 30 }, { none: 0.5, best: 1.1 });

const useless = { none: 1.01, cpu: 0.01, tried: 0.2 };
test('noise on a slow link goes raw, but for probes', bounded, { ...slow, left: noise }, useless);
test('what hardly shrinks too', bounded, { ...slow, left: () => 0.95 }, useless);
test('noise and text by turns', bounded, { ...slow, left: (i) => (i % 2 ? 1 : 1 / 3) }, { best: 1.1 });
test('one block of text in three', bounded, { ...slow, left: (i) => (i % 3 ? 1 : 1 / 3) }, { none: 0.82 });
test('noise and text at random', bounded, { ...slow, left: atRandom() }, { best: 1.1 });
test('noise and then text', bounded, { ...slow, left: (i, n) => (i < n / 2 ? 1 : 1 / 3) }, { best: 1.05 });
test(
  'runs of either',
  bounded,
  { ...slow, left: (i) => (Math.floor(i / 64) % 2 ? 1 : 1 / 3) },
  { best: 1.1 },
);
test(
  'text and then noise',
  bounded,
  { ...slow, left: (i, n) => (i < n / 4 ? 1 / 3 : 1) },
  { best: 1.05, tried: 0.8 },
);

for (const target of [40, 80, 200])
  test(
    `a target that takes ${target} MB/s of memory is not helped by zstd, which so rests most of the time`,
    bounded,
    { ...fast, target },
    { none: 1.02, tried: 0.5 },
  );

test('a link that becomes slow', bounded, { ...fast, link: (ms) => (ms < 500 ? 800 : 12.5) }, { none: 0.4 });
test(
  'a link that becomes slow while zstd rests',
  bounded,
  { ...fast, mebibytes: 464, target: 200, link: (ms) => (ms < 2000 ? 1000 : 12.5) },
  { none: 0.55 },
);
test(
  'a link that becomes fast',
  bounded,
  { ...fast, mebibytes: 2048, link: (ms) => (ms < 4000 ? 12.5 : 1000), core: 200 },
  { none: 1, best: 1 },
);

test('the first blocks go raw, and soon they do not', (t) => {
  const { firstAt } = simulate(slow, autoCompression);
  t.true(firstAt > 20 && firstAt < 250, `${firstAt} ms`);
});

test('one burst after a stall is no faster link, two are', (t) => {
  let time = 0;
  const policy = autoCompression(() => time);
  const epoch = (bytes: number, wire: number, ms: number, waited: number): void => {
    if (policy.choose() === 'zstd') policy.compressed(2 ** 18, 2 ** 17, 1);
    time += ms;
    policy.sent(bytes, wire, waited);
  };
  // Two probes and two epochs that agree; then zstd proves itself.
  for (let i = 0; i < 3; i++) epoch(2 ** 20, 2 ** 20, 84, 84);
  for (let i = 0; i < 2; i++) epoch(2 ** 20, 2 ** 19, 42, 42);
  epoch(2 ** 23, 2 ** 22, 60, 0);
  t.is(policy.choose(), 'zstd');
  epoch(2 ** 23, 2 ** 22, 60, 0);
  t.is(policy.choose(), 'raw');
});

test('while a probe runs there is no other', (t) => {
  const policy = waiting();
  t.is(policy.choose(), 'zstd');
  t.is(policy.choose(), 'raw');
  policy.compressed(2 ** 18, 2 ** 17, 1);
  t.is(policy.choose(), 'zstd', 'the first call was cold, and its speed says nothing');
  policy.compressed(2 ** 18, 2 ** 17, 1);
  t.is(policy.choose(), 'raw');
});

test('a probe has the cores to itself: it waits for the calls from before', (t) => {
  let time = 0;
  const policy = autoCompression(() => time);
  const sent = (wire: number, ms: number, waited: number): void => {
    time += ms;
    policy.sent(2 ** 20, wire, waited);
  };
  for (let i = 0; i < 3; i++) {
    if (policy.choose() === 'zstd') policy.compressed(2 ** 20, 2 ** 19, 1);
    sent(2 ** 20, 84, 84);
  }
  t.is(policy.choose(), 'zstd');
  // It proves itself; then the stream flows, and the bare link is looked at.
  for (let i = 0; i < 10; i++) sent(2 ** 19, 55, 2);
  sent(2 ** 20, 84, 84);
  t.is(policy.choose(), 'raw');
  policy.compressed(2 ** 20, 2 ** 19, 1);
  t.is(policy.choose(), 'zstd');
});

test('a stream that always takes more is never probed', (t) => {
  let time = 0;
  const policy = autoCompression(() => time);
  for (; time < 5000; time += 5) {
    t.is(policy.choose(), 'raw');
    policy.sent(2 ** 18, 2 ** 18, 0.1);
  }
});

test('a fixed choice stays', (t) => {
  for (const each of ['raw', 'zstd'] as const) {
    const outcome: Outcome = simulate({ ...slow, mebibytes: 16 }, () => fixedCompression(each));
    t.is(outcome.tried, each === 'raw' ? 0 : outcome.blocks);
  }
});

/** A policy whose sender has waited for a stream long enough for a probe. */
function waiting(): ReturnType<typeof autoCompression> {
  let time = 0;
  const policy = autoCompression(() => time);
  policy.choose();
  time = 60;
  policy.sent(2 ** 18, 2 ** 18, 55);
  return policy;
}

/** Each half second it hardly moves for a tenth. */
function stalling(ms: number): number {
  return ms % 500 > 300 && ms % 500 < 420 ? 20 : 1000;
}

function stallAt(from: number): (ms: number) => number {
  return (ms) => (ms > from && ms < from + 75 ? 0.5 : 12.5);
}

function trembling(ms: number): number {
  return 12.5 * (1 + 0.7 * Math.sin(ms / 90) * Math.sin(ms / 37));
}

/** Every second block or so, the same each time: a world is simulated thrice, so `i` alone decides. */
function atRandom(): (i: number) => number {
  const random = chance(5);
  const drawn = Array.from({ length: 2000 }, () => (random() < 0.5 ? 1 : 1 / 3));
  return (i) => drawn[i]!;
}
