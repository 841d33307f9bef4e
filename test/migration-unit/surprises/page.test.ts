import { readFileSync } from 'node:fs';
import test from 'ava';
import { codes } from '../../../src/error-codes.ts';

test('the page about what cannot move names codes that there are', (t) => {
  const page = readFileSync('docs/what-cannot-move.md', 'utf8');
  const named = [...page.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code = '']) => code);
  t.true(named.length > 10);
  for (const code of named) t.true(Object.hasOwn(codes, code), code);
});
