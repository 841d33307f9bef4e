import test from 'ava';
import type { LogRecord } from '../../src/log/record.ts';
import { killedPhaul } from '../journal/journals.ts';
import { phaul } from './phaul.ts';

function records(stderr: string): LogRecord[] {
  return stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LogRecord);
}

test('phaul recover logs where a migration stands, and what it cannot end is an error of it and of the exit code', async (t) => {
  const { migration } = await killedPhaul(t, `await journal.record('handed');`);
  const { code, stdout, stderr } = await phaul('recover', migration, '--log-format', 'json');
  t.is(code, 5);
  t.is(stdout, '');
  const all = records(stderr);
  const about = { migration, container: `box-${migration}`, host: 'source' } as const;
  t.like(all[0], { ...about, level: 'info' });
  t.regex(all[0]?.message ?? '', /^phaul recover goes on with it\. box-\S+ has been handed over to hostb/);
  t.like(all.at(-1), { ...about, level: 'error', code: 'IN_DOUBT' });
});

test('without a log it is what people read', async (t) => {
  const { migration } = await killedPhaul(t, `await journal.record('handed');`);
  const { code, stderr } = await phaul('recover', migration);
  t.is(code, 5);
  t.regex(stderr, /^IN_DOUBT: /);
});
