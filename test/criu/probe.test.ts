import test from 'ava';
import { probeCriu, oldestCriu } from '../../src/criu/probe.ts';
import { type Answer, fakeCriu, soundCriu } from './fake-criu.ts';

const version = test.macro<[number[], { version: string; number: number }]>({
  exec: async (t, numbers, expected) => {
    const [major_number, minor_number, sublevel] = numbers;
    const reply = {
      version: { major_number, minor_number, ...(sublevel === undefined ? {} : { sublevel }) },
    };
    const criu = fakeCriu(t, { ...soundCriu, VERSION: { reply } });
    t.deepEqual(await probeCriu(criu.path), { ...expected, memTrack: true, lazyPages: true });
  },
  title: (_, numbers) => `version ${numbers.join('.')} is understood and ordered`,
});
test(version, [4, 2, 1], { version: '4.2.1', number: 40_201 });
test(version, [4, 2], { version: '4.2', number: 40_200 });
test(version, [3, 17, 1], { version: '3.17.1', number: 31_701 });
test(version, [10, 0, 12], { version: '10.0.12', number: 100_012 });

const features = test.macro({
  exec: async (t, answer: Answer, expected: object) => {
    const criu = fakeCriu(t, { ...soundCriu, FEATURE_CHECK: answer });
    t.like(await probeCriu(criu.path), expected);
  },
  title: (what) => `${what} are those that the kernel has`,
});
const neither = { memTrack: false, lazyPages: false };
test(
  'features said to be there',
  features,
  { reply: { features: { mem_track: true } } },
  { memTrack: true, lazyPages: false },
);
test(
  'features said to be missing',
  features,
  { reply: { features: { mem_track: false, lazy_pages: false } } },
  neither,
);
test('features of a check that fails', features, { reply: { success: false } }, neither);

test('a host without CRIU is told from one whose CRIU dies', async (t) => {
  await t.throwsAsync(probeCriu('/nonexistent/criu'), { code: 'CRIU_MISSING' });
  await t.throwsAsync(probeCriu(fakeCriu(t, {}).path), { code: 'CRIU_DIED' });
  await t.throwsAsync(probeCriu('/bin/true'), { code: 'CRIU_DIED' });
});

test('the oldest CRIU that works depends on the kernel', (t) => {
  t.is(oldestCriu('6.12.48+deb13-amd64').number, 40100);
  t.is(oldestCriu('6.16.0').number, 40200);
  t.is(oldestCriu('7.0.1').number, 40200);
});
