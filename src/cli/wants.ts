import { type Format, formats } from '../log/lines.ts';

/** Whether the command line asks for JSON: as yargs would say, which may have failed to read the rest. */
export function wantsJson(args: readonly string[]): boolean {
  const options = optionsOf(args);
  const last = options.findLast((arg) => /^--(no-)?json(=|$)/.test(arg));
  return last === '--json' || last === '--json=true';
}

/** The log that it wants on stderr, in the same way. */
export function wantsLog(args: readonly string[]): Format | null {
  const options = optionsOf(args);
  const last = options.findLastIndex((arg) => /^--log-format(=|$)/.test(arg));
  const [, value = options[last + 1]] = options[last]?.split('=') ?? [];
  return formats.find((format) => last >= 0 && format === value) ?? null;
}

function optionsOf(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end < 0 ? args : args.slice(0, end);
}
