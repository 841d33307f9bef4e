import { codes, type ErrorCode } from '../../../src/error-codes.ts';
import { code, generatedFrom, table } from './markdown.ts';

type ExitCode = 0 | (typeof codes)[ErrorCode]['exit'];

// Since 0.1.0, all of them.
const exitCodes: Readonly<Record<ExitCode, { readonly meaning: string; readonly container: string }>> = {
  0: {
    meaning: 'Done. For check and --dry-run: nothing would refuse.',
    container: 'on the target (check and --dry-run: as before)',
  },
  1: { meaning: 'Failed, and everything was undone.', container: 'runs on the source as before' },
  2: {
    meaning: 'The command line is wrong: nothing was changed.',
    container: 'runs on the source as before',
  },
  3: { meaning: 'Preflight refused: nothing was changed.', container: 'runs on the source as before' },
  4: { meaning: 'The target could not be reached or used.', container: 'runs on the source as before' },
  5: { meaning: 'An operator must look.', container: 'see the message' },
  130: {
    meaning: 'Ended by SIGINT (Ctrl-C) or `phaul cancel`, and everything was undone.',
    container: 'runs on the source as before',
  },
  143: {
    meaning: 'Ended by SIGTERM or SIGHUP, and everything was undone.',
    container: 'runs on the source as before',
  },
};

/** docs/errors.md */
export function errorsPage(): string {
  const exits = Object.entries(exitCodes).map(([exit, { meaning, container }]) => [
    exit,
    meaning,
    container,
    '0.1.0',
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
