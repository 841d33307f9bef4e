import test from 'ava';
import { PhaulError } from '../../src/errors.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Link } from '../../src/migration/link.ts';
import { type Migration, act, newMigration } from '../../src/migration/migration.ts';
import type { Plan } from '../../src/migration/preflight.ts';
import { release } from '../../src/migration/release.ts';
import { rollback } from '../../src/migration/rollback.ts';
import { migrateOptions } from './options.ts';

/** A migration whose container runs on the target, and a source whose disk is full. */
function stage() {
  const did: string[] = [];
  const full = (): never => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  const m: Migration = newMigration(
    'aaaaaaaa',
    migrateOptions(),
    () => undefined,
    new AbortController().signal,
  );
  m.journal = {
    note: full,
    record: () => Promise.reject(new Error('ENOSPC')),
    remove: () => void did.push('journal removed'),
    close: () => void did.push('journal closed'),
  } as unknown as Journal;
  m.landed = true;
  const link = {
    host: 'hostb',
    insist: (method: string) => {
      did.push(`target: ${method}`);
      return Promise.resolve({ outcome: 'landed', pid: 1, watchedMs: 0, startByHand: null });
    },
    close: () => void did.push('closed'),
  } as unknown as Link;
  const plan = {
    container: { description: { id: 'ct101' }, release: () => Promise.resolve(void did.push('container')) },
    devices: { release: () => [] },
    files: { release: () => Promise.resolve() },
    link,
  } as unknown as Plan;
  return { m, plan, link, did };
}

test("where its disk is full the source's copy goes all the same, and the user hears of what remains", async (t) => {
  const { m, plan, did } = stage();
  const released = act(m, 'release', () =>
    release(m, plan, () => Promise.resolve(void did.push('processes'))),
  );
  await t.throwsAsync(released, { code: 'RELEASE_FAILED', message: /the journal: ENOSPC/ });
  t.deepEqual(did, ['processes', 'container']);
  t.is(m.sourceState, 'gone');
});

test('once the container is the target’s, nothing that fails is undone or forgotten', async (t) => {
  const { m, link, did } = stage();
  const error = await rollback(m, new PhaulError('INTERNAL', 'Something nobody has thought of.'), link);
  t.is(error.code, 'INTERNAL');
  t.deepEqual(did, ['closed', 'journal closed'], 'somebody else goes on with it');
});
