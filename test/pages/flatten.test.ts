import test from 'ava';
import { type Extents, extents, zeroFlag } from '../../src/pages/extents.ts';
import { flatten } from '../../src/pages/flatten.ts';
import { seeded } from '../seeded.ts';

const [lazy, present] = [2, 4];

const list = (all: Extents): number[][] =>
  Array.from({ length: all.length() }, (_, index) => all.at(index)).map(({ page, count, slot, flags }) => [
    page,
    count,
    slot,
    flags,
  ]);

/** Slots as a store hands them out. */
function slots(): (count: number) => number {
  let next = 0;
  return (count) => (next += count) - count;
}

test('what follows in memory and in the file is one extent', (t) => {
  const round = flatten(extents(), slots());
  t.deepEqual(round.put(10, 4, present), [{ slot: 0, count: 4, before: null }]);
  round.put(14, 2, present);
  round.put(16, 1, present | lazy);
  t.deepEqual(list(round.finish().extents), [
    [10, 6, 0, present],
    [16, 1, 6, present | lazy],
  ]);
});

test('a page that is rewritten stays in its place, a new one comes behind all others', (t) => {
  const take = slots();
  const first = flatten(extents(), take);
  first.put(10, 10, present);
  const second = flatten(first.finish().extents, take);
  second.keep(10, 3);
  t.deepEqual(second.put(13, 9, present), [
    { slot: 3, count: 7, before: present },
    { slot: 10, count: 2, before: null },
  ]);
  const { extents: all, dropped } = second.finish();
  t.deepEqual(list(all), [[10, 12, 0, present]]);
  t.deepEqual(dropped, []);
});

test('what a dump does not name is dropped: before, between and behind', (t) => {
  const take = slots();
  const first = flatten(extents(), take);
  first.put(0, 10, present);
  const second = flatten(first.finish().extents, take);
  second.keep(2, 1);
  second.put(5, 2, present);
  const { extents: all, dropped } = second.finish();
  t.deepEqual(list(all), [
    [2, 1, 2, present],
    [5, 2, 5, present],
  ]);
  t.deepEqual(
    dropped.map(({ slot, count }) => [slot, count]),
    [
      [0, 2],
      [3, 2],
      [7, 3],
    ],
  );
});

test('a page that is kept keeps the flags with which it came', (t) => {
  const take = slots();
  const first = flatten(extents(), take);
  first.put(0, 2, present | lazy | zeroFlag);
  const second = flatten(first.finish().extents, take);
  second.keep(0, 2);
  t.deepEqual(list(second.finish().extents), [[0, 2, 0, present | lazy | zeroFlag]]);
});

for (const [title, misdeed] of [
  ['pages that never came', (r: ReturnType<typeof flatten>) => r.keep(5, 1)],
  ['pages of which only some came', (r: ReturnType<typeof flatten>) => r.keep(0, 3)],
  ['no pages at all', (r: ReturnType<typeof flatten>) => r.put(7, 0, present)],
] as const)
  test(`a dump that keeps or puts ${title} is refused`, (t) => {
    const take = slots();
    const first = flatten(extents(), take);
    first.put(0, 2, present);
    const second = flatten(first.finish().extents, take);
    t.throws(() => misdeed(second), { code: 'PROTOCOL_ERROR' });
  });

test('pages out of order are refused', (t) => {
  const round = flatten(extents(), slots());
  round.put(10, 2, present);
  t.throws(() => round.put(11, 1, present), { code: 'PROTOCOL_ERROR' });
  t.throws(() => round.put(3, 1, present), { code: 'PROTOCOL_ERROR' });
});

test('any dumps leave what a map of pages would: each page once, with its newest contents', (t) => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seeded(seed);
    const take = slots();
    let all = extents();
    // The model: page → contents. The file: slot → contents.
    let model = new Map<number, string>();
    const file = new Map<number, string>();
    for (let dump = 1; dump <= 5; dump++) {
      const round = flatten(all, take);
      const next = new Map<number, string>();
      for (let page = Math.floor(random() * 5); page < 60;) {
        const count = 1 + Math.floor(random() * 6);
        const range = Array.from({ length: count }, (_, index) => page + index);
        if (random() < 0.4 && range.every((each) => model.has(each))) {
          round.keep(page, count);
          for (const each of range) next.set(each, model.get(each) ?? '');
        } else if (random() < 0.8) {
          const places = round
            .put(page, count, present)
            .flatMap(({ slot, count: run }) => Array.from({ length: run }, (_, index) => slot + index));
          range.forEach((each, index) => {
            next.set(each, `${dump}:${each}`);
            file.set(places[index] ?? -1, `${dump}:${each}`);
          });
        }
        page += count + Math.floor(random() * 4);
      }
      const { extents: now, dropped } = round.finish();
      for (const { slot, count } of dropped)
        for (let each = slot; each < slot + count; each++) t.true(file.delete(each), 'dropped once');
      [all, model] = [now, next];
      const found = new Map<number, string>();
      for (const [page = 0, count = 0, slot = 0] of list(all))
        for (let index = 0; index < count; index++) found.set(page + index, file.get(slot + index) ?? '');
      t.deepEqual(found, model, `seed ${seed}, dump ${dump}`);
      t.is(file.size, model.size, 'and nothing else is stored');
    }
  }
});
