import { type Described, valueOf } from '../described.ts';

/** What can stand where a person is typing. */
export type Words =
  { readonly of: readonly string[] } | 'containers' | 'ids' | 'hosts' | 'files' | 'directories' | null;

const byValue: Readonly<Record<string, Words>> = { FILE: 'files', DIRECTORY: 'directories' };
const byArgument: Readonly<Record<string, Words>> = { container: 'containers', dest: 'hosts', id: 'ids' };

/** Of an option's value, or of an argument. */
export function wordsOf(
  name: string,
  option: Described['positionals'][number][1],
  isArgument: boolean,
): Words {
  if (option.choices) return { of: option.choices.map(String) };
  return (isArgument ? byArgument[name] : byValue[valueOf(option) ?? '']) ?? null;
}

/** The options of all commands that have a value of their own, as they are typed. */
export function takeValues(commands: readonly Described[]): string[] {
  const all = commands.flatMap(({ options }) => [...options]);
  const names = new Set(all.flatMap(([name, option]) => (valueOf(option) === null ? [] : [name])));
  return [...names].map((name) => `--${name}`);
}
