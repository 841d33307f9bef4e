import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { cancel } from '../../src/migration/cancel.ts';
import { type CancelDoor, cancelDoor, cancelSocket } from '../../src/migration/cancel-door.ts';
import { workspaceDirectory } from '../../src/workspace.ts';
import { event, summary } from '../observe/events.ts';

const error = {
  code: 'CANCELLED',
  message: 'Ended by phaul cancel.',
  hint: 'Run the command again when you like.',
  sourceState: 'running',
  exitCode: 130,
} as const;
const result = event({ type: 'result', ok: false, error });

async function migration(
  t: ExecutionContext,
  onCancel: () => boolean,
): Promise<{ id: string; directory: string; door: CancelDoor }> {
  const id = randomUUID();
  const directory = workspaceDirectory(id, 'source');
  mkdirSync(directory, { recursive: true });
  const door = cancelDoor(onCancel);
  await door.open(directory);
  t.teardown(() => {
    door.listener(result);
    rmSync(directory, { recursive: true, force: true });
  });
  return { id, directory, door };
}

test('whoever cancels hears that it is obeyed, and what came of it', async (t) => {
  let cancelled = false;
  const { id, directory, door } = await migration(t, () => (cancelled = true));
  const outcome = await cancel(id, () => {
    t.true(cancelled);
    // As the undoing does.
    rmSync(directory, { recursive: true });
    door.listener(event({ type: 'undo', name: 'Ended by phaul cancel.' }));
    door.listener(result);
  });
  t.deepEqual(outcome, result as typeof outcome);
});

test('it may be too late', async (t) => {
  const { id } = await migration(t, () => false);
  t.is(await cancel(id, () => t.fail()), 'too late');
});

test('two can cancel, and both hear the end', async (t) => {
  const { id, door } = await migration(t, () => true);
  let obeyed = 0;
  const onObeyed = (): void => {
    if (++obeyed === 2) door.listener(result);
  };
  const outcomes = await Promise.all([cancel(id, onObeyed), cancel(id, onObeyed)]);
  t.deepEqual(outcomes, [result, result] as typeof outcomes);
});

test('where nobody is at work nothing is cancelled', async (t) => {
  t.is(await cancel(randomUUID(), () => t.fail()), 'nobody');
});

test('the door is closed after the result', async (t) => {
  const { id, directory, door } = await migration(t, () => t.fail() as never);
  door.listener(event({ type: 'result', ok: true, ...summary }));
  t.is(await cancel(id, () => t.fail()), 'nobody');
  t.false(existsSync(cancelSocket(directory)));
});

test('a door that cannot be opened harms nobody', async (t) => {
  await cancelDoor(() => true).open('/nonexistent');
  t.pass();
});
