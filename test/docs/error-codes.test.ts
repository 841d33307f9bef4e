import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { codes } from '../../src/error-codes.ts';
import { projectDirectory } from '../lab/paths.ts';

test('docs/troubleshooting.md has something to say on every code', (t) => {
  const page = readFileSync(join(projectDirectory, 'docs/troubleshooting.md'), 'utf8');
  // In a heading, or in the first cell of a table.
  const entries = page
    .split('\n')
    .filter((line) => /^(#|\|)/.test(line))
    .map((line) => line.split('|')[1] ?? line)
    .join('\n');
  const missing = Object.keys(codes).filter((code) => !new RegExp(`\\b${code}\\b`).test(entries));
  t.deepEqual(missing, []);
});
