import test from 'ava';
import { zeroFlag } from '../../src/pages/extents.ts';
import { type Waiting, waiting } from '../../src/pages/waiting.ts';
import { seeded } from '../seeded.ts';

const some = (): Waiting =>
  waiting([
    { page: 10, count: 10, slot: 0, flags: 0 },
    { page: 30, count: 5, slot: 10, flags: zeroFlag },
  ]);

test('a lot is cut out of the middle, and the rest goes on waiting', (t) => {
  const lacks = some();
  t.deepEqual(lacks.cut(12, 14), [{ page: 12, count: 2, slot: 2, zero: false }]);
  t.deepEqual([lacks.has(11), lacks.has(12), lacks.has(13), lacks.has(14)], [true, false, false, true]);
  t.is(lacks.pages(), 13);
});

test('the last pages come first, so many at a time as belong together', (t) => {
  const lacks = some();
  t.deepEqual(lacks.last(100), { page: 30, count: 5, slot: 10, zero: true });
  t.deepEqual(lacks.last(4), { page: 16, count: 4, slot: 6, zero: false });
  t.is(lacks.pages(), 6);
  t.is(waiting([]).last(1), null);
});

test('memory that moves takes along what it lacks', (t) => {
  const lacks = some();
  lacks.move(15, 115, 20);
  t.deepEqual(lacks.cut(0, 1000), [
    { page: 10, count: 5, slot: 0, zero: false },
    { page: 115, count: 5, slot: 5, zero: false },
    { page: 130, count: 5, slot: 10, zero: true },
  ]);
});

test('a copy goes its own way', (t) => {
  const lacks = some();
  const child = lacks.copy();
  lacks.cut(10, 20);
  t.is(child.pages(), 15);
  t.true(child.has(10));
});

test('any cuts, moves and returns leave what a map of pages would', (t) => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = seeded(seed);
    const pick = (below: number): number => Math.floor(random() * below);
    const lacks = some();
    let model = new Map<number, number>();
    for (let index = 0; index < 10; index++) model.set(10 + index, index);
    for (let index = 0; index < 5; index++) model.set(30 + index, 10 + index);
    for (let step = 0; step < 40; step++) {
      const from = pick(60);
      const count = 1 + pick(8);
      if (random() < 0.4) {
        const lots = lacks.cut(from, from + count);
        const gone = [...model].filter(([page]) => page >= from && page < from + count);
        t.is(
          lots.reduce((sum, lot) => sum + lot.count, 0),
          gone.length,
        );
        if (random() < 0.5) for (const lot of lots) lacks.giveBack(lot);
        else for (const [page] of gone) model.delete(page);
      } else {
        // As mremap does it: what was at the new place is gone.
        const to = 100 + pick(60);
        lacks.cut(to, to + count);
        lacks.move(from, to, count);
        const moved = [...model].map(([page, slot]) => {
          const inside = page >= from && page < from + count;
          return [inside ? page - from + to : page, slot, inside] as const;
        });
        model = new Map(
          moved
            .filter(([page, , inside]) => inside || page < to || page >= to + count)
            .map(([page, slot]) => [page, slot]),
        );
      }
      const found = new Map<number, number>();
      for (const lot of lacks.copy().cut(0, 1000))
        for (let index = 0; index < lot.count; index++) found.set(lot.page + index, lot.slot + index);
      t.deepEqual(
        new Map([...found].sort(([a], [b]) => a - b)),
        new Map([...model].sort(([a], [b]) => a - b)),
        `seed ${seed}`,
      );
    }
  }
});
