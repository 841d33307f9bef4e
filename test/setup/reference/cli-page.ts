import type { Options } from 'yargs';
import { allCommands, type Command } from './commands.ts';
import { code, generatedFrom, table } from './markdown.ts';

/** docs/cli.md */
export async function cliPage(): Promise<string> {
  const commands = await allCommands();
  return [
    generatedFrom('the tables in src/cli'),
    '# Command line',
    'phaul runs as root. `phaul --help` and `phaul COMMAND --help` say the same as this page; `phaul --version` tells the release. An option that is not listed here is refused, never ignored. Errors and exit codes: [errors.md](errors.md).',
    ...commands.flatMap(section),
  ].join('\n\n');
}

function section({ name, describe, synopsis, positionals, groups, examples }: Command): string[] {
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

function optionRow([name, option]: readonly [string, Options]): string[] {
  const { alias, choices, type, describe = '' } = option;
  const canBeTurnedOff = type === 'boolean' && option.default !== false;
  const value = choices
    ? ` ${choices.join('|')}`
    : type === 'number'
      ? ' N'
      : type === 'string'
        ? ' TEXT'
        : '';
  const long = canBeTurnedOff ? `--${name}, --no-${name}` : `--${name}${value}`;
  const short = alias === undefined ? '' : `, -${String(alias)}`;
  return [code(`${long}${short}`), defaultOf(option), describe];
}

function defaultOf({ type, default: value }: Options): string {
  if (value === undefined) return '';
  if (type === 'boolean') return value ? 'yes' : 'no';
  return code(String(value));
}
