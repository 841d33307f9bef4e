import test from 'ava';
import { undoStack } from '../../src/undo.ts';

test('what was done last is undone first, one after the other', async (t) => {
  const undo = undoStack();
  const order: string[] = [];
  for (const name of ['one', 'two', 'three'])
    undo.push(name, async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 2));
      order.push(`${name} ends`);
    });
  t.deepEqual(await undo.unwind(), []);
  t.deepEqual(
    order,
    ['three', 'two', 'one'].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
});

test('failures are collected with their names, and stop nothing', async (t) => {
  const undo = undoStack();
  const done: string[] = [];
  undo.push('one', async () => void done.push('one'));
  undo.push('rejects', () => Promise.reject(new Error('rejected')));
  undo.push('two', async () => void done.push('two'));
  undo.push('throws', () => {
    throw new Error('thrown');
  });
  const failures = await undo.unwind();
  t.deepEqual(done, ['two', 'one']);
  t.deepEqual(
    failures.map(({ name, error }) => [name, (error as Error).message]),
    [
      ['throws', 'thrown'],
      ['rejects', 'rejected'],
    ],
  );
});

test('nothing is undone twice', async (t) => {
  const undo = undoStack();
  let times = 0;
  undo.push('once', async () => void times++);
  await Promise.all([undo.unwind(), undo.unwind()]);
  await undo.unwind();
  t.is(times, 1);
});

test('what is pushed while it unwinds is undone too', async (t) => {
  const undo = undoStack();
  const done: string[] = [];
  undo.push('first', async () => undo.push('late', async () => void done.push('late')));
  await undo.unwind();
  t.deepEqual(done, ['late']);
});

test('after the commit there is nothing left to undo', async (t) => {
  const undo = undoStack();
  undo.push('never', async () => t.fail());
  undo.clear();
  t.deepEqual(await undo.unwind(), []);
});
