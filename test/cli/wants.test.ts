import test from 'ava';
import { wantsJson, wantsLog } from '../../src/cli/wants.ts';

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

for (const [args, wanted] of [
  [['migrate', '--turbo', '--log-format', 'json'], 'json'],
  [['recover', '--log-format=text'], 'text'],
  [['recover', '--log-format=text', '--log-format', 'json'], 'json'],
  [['recover', '--log-format', 'xml'], null],
  [['recover', '--log-format'], null],
  [['recover', '--', '--log-format', 'json'], null],
] as const)
  test(`${args.join(' ')} wants ${wanted ?? 'words for people'} on stderr`, (t) => {
    t.is(wantsLog(args), wanted);
  });
