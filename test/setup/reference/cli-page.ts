import { type Option, spellings, valueOf } from '../../../src/cli/described.ts';
import { explained, type Explained } from './commands.ts';
import { code, generatedFrom, table } from './markdown.ts';

/** docs/cli.md */
export function cliPage(): string {
  return [
    generatedFrom('the tables in src/cli'),
    '# Command line',
    'phaul runs as root. `phaul --help` and `phaul COMMAND --help` say the same as this page; `phaul --version` tells the release. An option that is not listed here is refused, never ignored. Errors and exit codes: [errors.md](errors.md).',
    ...explained().flatMap(section),
  ].join('\n\n');
}

function section({ name, describe, synopsis, positionals, groups, examples }: Explained): string[] {
  return [
    `## phaul ${name}`,
    `${describe}.`,
    `    phaul ${synopsis}`,
    ...(positionals.length === 0
      ? []
      : [
          table(
            ['Argument', 'Meaning'],
            positionals.map(([name, { describe = '' }]) => [code(name.toUpperCase()), describe]),
          ),
        ]),
    ...groups.flatMap(([title, entries]) => [
      `### ${title}`,
      table(['Option', 'Default', 'Meaning'], entries.map(optionRow)),
    ]),
    '### Examples',
    examples.map(([command, what]) => `- ${code(command)}: ${what}`).join('\n'),
  ];
}

function optionRow([name, option]: readonly [string, Option]): string[] {
  const value = valueOf(option);
  const [long = '', ...others] = spellings(name, option);
  const typed = [`${long}${value === null ? '' : ` ${value}`}`, ...others].join(', ');
  return [code(typed), defaultOf(option), option.describe ?? ''];
}

function defaultOf({ type, default: value }: Option): string {
  if (value === undefined) return '';
  if (type === 'boolean') return value ? 'yes' : 'no';
  return code(String(value));
}
