import test from 'ava';
import { type ErrorCode, codes } from '../../src/error-codes.ts';
import { asPhaulError, PhaulError } from '../../src/errors.ts';
import { refused } from '../../src/migration/preflight.ts';
import { report } from '../../src/migration/report.ts';

for (const [code, { exit, meaning, hint }] of Object.entries(codes))
  test(`${code} has a meaning, a hint and an exit code that is documented`, (t) => {
    t.true([1, 2, 3, 4, 5, 130, 143].includes(exit));
    for (const text of [meaning, hint]) t.regex(text, /^[A-Z"a-z].*[.;]$/s, text);
    t.regex(code, /^[A-Z][A-Z_]*$/);
  });

test('a hint of its own comes before that of the code', (t) => {
  t.is(new PhaulError('USAGE', 'x').hint, codes.USAGE.hint);
  t.is(new PhaulError('USAGE', 'x', { hint: 'mine' }).hint, 'mine');
});

test('what is learned further up fills the gaps and overwrites nothing', (t) => {
  const cause = new Error('deep');
  const low = new PhaulError('CRIU_DUMP', 'failed', { host: 'target', cause });
  const high = low.with({ host: 'source', act: 'freeze', sourceState: 'running' });
  t.like(high, { code: 'CRIU_DUMP', message: 'failed', details: { host: 'target', act: 'freeze' }, cause });
});

test('anything thrown becomes an error with a code', (t) => {
  const known = new PhaulError('NO_SPACE', 'full');
  t.is(asPhaulError(known, 'DRIVER_FAILED'), known);
  t.like(asPhaulError(new RangeError('r')), { code: 'INTERNAL', message: 'r' });
  t.like(asPhaulError('words', 'DRIVER_FAILED'), { code: 'DRIVER_FAILED', message: 'words' });
  t.like(asPhaulError(undefined), { code: 'INTERNAL', message: 'undefined' });
});

test('several refusals become one error that has them all, with the exit code of the first', (t) => {
  const refusal = (code: ErrorCode, message: string) => ({
    code,
    message,
    hint: 'h',
    host: 'target' as const,
  });
  const one = refused([refusal('NAME_TAKEN', 'Taken.')]);
  t.like(one, { code: 'NAME_TAKEN', message: 'Taken.', hint: 'h', exitCode: 3 });
  const two = refused([refusal('NAME_TAKEN', 'Taken.'), refusal('NO_SPACE', 'Full.')]);
  t.is(two.message, 'Taken. (And 1 more.)');
  t.is(two.details.refusals?.length, 2);
});

test('the report of an error holds no stack and survives JSON', (t) => {
  const error = new PhaulError('CRIU_DUMP', 'failed', {
    cause: new Error('secret'),
    host: 'source',
    logLine: 'Error (x)',
    sourceState: 'running',
  });
  const expected = {
    code: 'CRIU_DUMP',
    message: 'failed',
    hint: codes.CRIU_DUMP.hint,
    host: 'source',
    logLine: 'Error (x)',
    sourceState: 'running',
    notUndone: ['a device'],
    exitCode: 1,
  };
  t.deepEqual(JSON.parse(JSON.stringify(report(error.with({ notUndone: ['a device'] })))), expected);
  t.is(report(new PhaulError('USAGE', 'x')).sourceState, 'unknown');
});
