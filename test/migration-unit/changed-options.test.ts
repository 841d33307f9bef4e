import test from 'ava';
import { changedOptions } from '../../src/migration/changed-options.ts';
import { event } from '../observe/events.ts';
import { validEvent } from '../observe/whole-run.ts';
import { migrateOptions } from './options.ts';

test('nobody has asked for what is so by default', (t) => {
  t.deepEqual(changedOptions(migrateOptions({ type: undefined, mode: 'revive' })), {});
});

test('what somebody has asked for is part of the first event, as documented', (t) => {
  const asked = { targetId: 'ct7', tcp: false, bandwidthLimit: 4096 };
  const options = changedOptions(migrateOptions(asked));
  t.deepEqual(options, asked);
  const start = event({ type: 'start', container: 'ct101', target: 'hostb', mode: 'live', options });
  t.deepEqual(validEvent(JSON.stringify(start)), start);
});
