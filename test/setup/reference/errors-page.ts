import { codes } from '../../../src/error-codes.ts';
import { exitCodes } from './exit-codes.ts';
import { code, generatedFrom, table } from './markdown.ts';

/** docs/errors.md */
export function errorsPage(): string {
  const exits = Object.entries(exitCodes).map(([exit, { meaning, container, since }]) => [
    exit,
    meaning,
    container,
    since,
  ]);
  const errors = Object.entries(codes)
    .sort(([one, { exit: a }], [other, { exit: b }]) => a - b || one.localeCompare(other))
    .map(([name, { exit, meaning, hint }]) => [code(name), String(exit), meaning, hint]);
  return [
    generatedFrom('src/error-codes.ts'),
    '# Errors and exit codes',
    'How to read an error, and what to do about the common ones: [troubleshooting.md](troubleshooting.md).',
    '## Exit codes',
    'A program that calls phaul must take an exit code that is not in this table for a failure.',
    table(['Exit code', 'Meaning', 'The container', 'Since'], exits),
    '## Error codes',
    'These names are stable. The message beside a code says more than this table, and its hint may be more exact.',
    table(['Code', 'Exit code', 'Meaning', 'What to do'], errors),
  ].join('\n\n');
}
