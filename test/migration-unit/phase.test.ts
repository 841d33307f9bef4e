import test from 'ava';
import { type Phase, phaseKeeper } from '../../src/service/phase.ts';

const course: readonly Phase[] = [
  'greeted',
  'checked',
  'begun',
  'prepared',
  'armed',
  'standby',
  'taken',
  'restored',
  'committed',
  'finished',
];
const all: readonly Phase[] = ['new', ...course, 'aborted'];

/** A keeper that has come as far as `phase`. */
function at(phase: Phase): ReturnType<typeof phaseKeeper> {
  const keeper = phaseKeeper();
  const way = phase === 'aborted' ? course.slice(0, 2) : course.slice(0, course.indexOf(phase) + 1);
  for (const step of way) keeper.enter(step);
  if (phase === 'aborted') keeper.enter('aborted');
  return keeper;
}

test('a migration goes through every phase in order', (t) => {
  t.is(at('finished').now(), 'finished');
});

for (const from of all)
  test(`from ${from} there is no way but its own`, (t) => {
    const next = course[course.indexOf(from) + 1];
    for (const to of all) {
      const keeper = at(from);
      const again = from === 'checked' && to === 'checked';
      const undone = to === 'aborted' && !['finished', 'aborted'].includes(from);
      const forward = to === next && from !== 'finished' && from !== 'aborted';
      // In revive mode nothing is armed; and most containers have no devices to be taken over.
      const shorter =
        (from === 'prepared' && to === 'standby') ||
        (['prepared', 'armed'].includes(from) && to === 'restored');
      const known = from === 'aborted' && to === 'finished';
      if (again || undone || forward || shorter || known)
        t.notThrows(() => keeper.enter(to), `${from} → ${to}`);
      else {
        t.throws(() => keeper.enter(to), {
          code: 'PROTOCOL_ERROR',
          message: new RegExp(`from ${from} to ${to}`),
        });
        t.is(keeper.now(), from, 'and it stays where it is');
      }
    }
  });

test('a call is taken once', (t) => {
  const keeper = at('begun');
  t.notThrows(() => keeper.once('prepare'));
  t.notThrows(() => keeper.once('attach'));
  t.throws(() => keeper.once('prepare'), { code: 'PROTOCOL_ERROR', message: /prepare twice/ });
});

test('what a phase does not allow is refused by its name', (t) => {
  const keeper = at('begun');
  t.notThrows(() => keeper.demand('prepared', 'begun'));
  t.throws(() => keeper.demand('restored'), { code: 'PROTOCOL_ERROR', message: /begun/ });
});
