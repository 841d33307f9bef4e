import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import test from 'ava';
import { lockContainer } from '../../src/journal/container-lock.ts';

test('one migration at a time for a container, and others beside', (t) => {
  const name = randomUUID();
  const unlock = lockContainer('box', name, 'source');
  t.throws(() => lockContainer('box', name, 'target'), { code: 'MIGRATION_RUNNING' });
  lockContainer('crate', name, 'source')();
  unlock();
  unlock();
  t.false(existsSync(`/run/phaul/lock:box:${name}`));
  lockContainer('box', name, 'target')();
});
