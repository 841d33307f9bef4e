import test from 'ava';
import { asDatagram } from '../../src/log/journald.ts';
import { asLine } from '../../src/log/lines.ts';
import { logTo } from '../../src/log/log.ts';
import { logEvents } from '../../src/log/of-events.ts';
import { levels, type Level, type LogRecord } from '../../src/log/record.ts';
import { event, round, summary } from '../observe/events.ts';

const record: LogRecord = {
  time: '2026-01-02T03:04:05.678Z',
  level: 'warn',
  message: 'its files are busy',
  migration: 'aaaaaaaa',
  container: 'ct101',
  host: 'target',
  act: 'iterate',
};

test('a level lets through what is at least that bad', (t) => {
  const heard = (least: Level): string[] => {
    const records: string[] = [];
    const log = logTo(({ level }) => records.push(level), least);
    for (const level of levels) log({ level, message: 'x' });
    return records;
  };
  t.deepEqual(heard('error'), ['error']);
  t.deepEqual(heard('info'), ['error', 'warn', 'info']);
  t.deepEqual(heard('debug'), [...levels]);
});

test('a record is one line, as text and as JSON', (t) => {
  t.is(
    asLine(record, 'text'),
    '2026-01-02T03:04:05.678Z warn  aaaaaaaa ct101 target iterate: its files are busy\n',
  );
  t.deepEqual(JSON.parse(asLine(record, 'json')), record);
  t.is(asLine({ time: 'T', level: 'error', message: 'x' }, 'text'), 'T error x\n');
  t.is(
    asLine({ time: 'T', level: 'error', message: 'x' }, 'json'),
    '{"time":"T","level":"error","message":"x"}\n',
  );
});

test('the journal gets a field for each thing that is known', (t) => {
  t.is(
    asDatagram({ ...record, code: 'FS_SYNC' }).toString(),
    'MESSAGE=ct101: its files are busy\nPRIORITY=4\nSYSLOG_IDENTIFIER=phaul\nPHAUL_MIGRATION=aaaaaaaa\n' +
      'PHAUL_CONTAINER=ct101\nPHAUL_HOST=target\nPHAUL_ACT=iterate\nPHAUL_CODE=FS_SYNC\n',
  );
  t.is(
    asDatagram({ time: 'T', level: 'info', message: 'x' }).toString(),
    'MESSAGE=x\nPRIORITY=6\nSYSLOG_IDENTIFIER=phaul\n',
  );
});

test("nobody's words begin a line or a field of their own", (t) => {
  const written: LogRecord[] = [];
  const log = logTo((each) => written.push(each), 'info');
  log({ level: 'info', message: 'x\nPRIORITY=0\u001b[2J', container: 'c\nMESSAGE=y' });
  const [only] = written;
  if (!only) return t.fail();
  t.is(asDatagram(only).toString().split('\n').length, 5);
  t.false(asLine(only, 'text').includes('\u001b'));
});

test('what people see is for information, what only --verbose shows for debugging, and counting is no record', (t) => {
  const records: [string, string][] = [];
  const log = logEvents(({ level, message }) => records.push([level, message]));
  log(event({ type: 'start', container: 'ct101', target: 'hostb', mode: 'live', options: {} }));
  log(event({ type: 'act-begin', act: 'prepare' }));
  log(event({ type: 'progress', iteration: 1, pages: 5, expectedPages: 9, bytes: 9, bytesPerSecond: 9 }));
  log(event(round));
  log(event({ type: 'warning', text: 'the clock is wrong' }));
  log(event({ type: 'undo', name: 'the link broke' }));
  log(event({ type: 'result', ok: true, ...summary }));
  t.deepEqual(records.slice(0, 2), [
    ['info', 'ct101 → hostb (live)'],
    ['debug', 'prepare …'],
  ]);
  t.deepEqual(
    records.slice(2, 6).map(([level]) => level),
    ['info', 'warn', 'warn', 'info'],
  );
  t.regex(records[5]?.[1] ?? '', /^ct101 runs on hostb/);
});

test('a failure is one record, with its code and what to do', (t) => {
  const records: unknown[] = [];
  const log = logEvents((each) => records.push(each));
  log(event({ type: 'start', container: 'ct101', target: 'hostb', mode: 'live', options: {} }));
  const error = { code: 'LINK_LOST', message: 'It broke.', hint: 'Look.', exitCode: 1 } as const;
  log(event({ type: 'result', ok: false, error: { ...error, sourceState: 'running' } }));
  t.like(records[1], {
    level: 'error',
    migration: 'aaaaaaaa',
    container: 'ct101',
    code: 'LINK_LOST',
    message: 'LINK_LOST: It broke. Look. The container runs on the source as before.',
  });
  t.is(records.length, 2);
});
