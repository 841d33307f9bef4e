import test from 'ava';
import type { Check } from '../../src/testing/index.ts';

/** That an examination of a driver with such a defect fails, and only where the defect is. */
export const notices = test.macro({
  exec: async (t, checks: readonly Check[], names: RegExp) => {
    const failed: string[] = [];
    for (const { name, run } of checks) await run().catch(() => failed.push(name));
    t.true(failed.length > 0);
    for (const name of failed) t.regex(name, names);
  },
  title: (what) => `the examination notices a driver that ${what}`,
});
