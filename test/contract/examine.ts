import test from 'ava';
import type { Check } from '../../src/testing/index.ts';

/** Makes a test of each check. */
export function examine(checks: readonly Check[], { serial = false } = {}): void {
  for (const { name, run } of checks)
    (serial ? test.serial : test)(name, async (t) => {
      await t.notThrowsAsync(run());
    });
}
