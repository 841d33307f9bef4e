/** Whether the command line asks for JSON: as yargs would say, which may have failed to read the rest. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  const last = options.findLast((arg) => /^--(no-)?json(=|$)/.test(arg));
  return last === '--json' || last === '--json=true';
}
