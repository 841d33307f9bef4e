import test from 'ava';
import { wantsJson } from '../../src/cli/wants-json.ts';

for (const [args, wanted] of [
  [['migrate', '--turbo', '--json'], true],
  [['migrate', '--json=true', 'x'], true],
  [['migrate', '--no-json', '--json'], true],
  [['migrate', '--json', '--no-json'], false],
  [['migrate', '--json=false'], false],
  [['migrate', '--', '--json'], false],
  [['migrate', '--jsonish'], false],
] as const)
  test(`${args.join(' ')} ${wanted ? 'asks' : 'does not ask'} for JSON`, (t) =>
    t.is(wantsJson(args), wanted));
