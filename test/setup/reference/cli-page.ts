import type { CommandModule, Options } from 'yargs';
import { cancelCommand } from '../../../src/cli/cancel.ts';
import { checkCommand } from '../../../src/cli/check.ts';
import { driversCommand } from '../../../src/cli/drivers.ts';
import { logsCommand } from '../../../src/cli/logs.ts';
import { migrateCommand } from '../../../src/cli/migrate.ts';
import * as optionTables from '../../../src/cli/options.ts';
import { psCommand } from '../../../src/cli/ps.ts';
import { recoverCommand } from '../../../src/cli/recover.ts';
import { program } from '../../../src/cli/program.ts';
import { reportCommand } from '../../../src/cli/report.ts';
import { serviceCommand } from '../../../src/cli/service.ts';
import { statusCommand } from '../../../src/cli/status.ts';
import { code, generatedFrom, table } from './markdown.ts';

// Each has arguments of its own, which do not matter here.
const commands = [
  migrateCommand,
  checkCommand,
  driversCommand,
  psCommand,
  statusCommand,
  cancelCommand,
  logsCommand,
  reportCommand,
  recoverCommand,
  serviceCommand,
] as unknown as CommandModule[];

const groups: readonly (readonly [string, Readonly<Record<string, Options>>])[] = [
  ['The container', optionTables.containerOptions],
  ['The course of the migration', { ...optionTables.modeOptions, ...optionTables.courseOptions }],
  ['CRIU', optionTables.criuOptions],
  ['Reaching the target', optionTables.reachOptions],
  ['Output', { ...optionTables.outputOptions, ...optionTables.reportOptions }],
];

interface Recorded {
  readonly positionals: [string, Options][];
  readonly options: Map<string, Options>;
  readonly examples: [string, string][];
}

/** docs/cli.md */
export async function cliPage(): Promise<string> {
  await demandAllCommands();
  return [
    generatedFrom('the tables in src/cli'),
    '# Command line',
    'phaul runs as root. `phaul --help` and `phaul COMMAND --help` say the same as this page; `phaul --version` tells the release. An option that is not listed here is refused, never ignored. Errors and exit codes: [errors.md](errors.md).',
    ...commands.flatMap(section),
  ].join('\n\n');
}

async function demandAllCommands(): Promise<void> {
  const help = await program([]).getHelp();
  const known = [...help.matchAll(/^ {2}phaul (\w+)/gm)].map(([, name]) => name);
  const documented = commands.map(nameOf);
  const missing = known.filter((name) => name !== undefined && !documented.includes(name));
  if (missing.length > 0 || known.length === 0)
    throw new Error(`commands to add in cli-page.ts: ${missing.join(', ')}`);
}

function nameOf({ command }: CommandModule): string {
  return String(command).split(' ')[0] ?? '';
}

function section(module: CommandModule): string[] {
  const { positionals, options, examples } = record(module);
  const synopsis = String(module.command)
    .replaceAll(/<(\w+)>/g, (_, name: string) => name.toUpperCase())
    .replaceAll(/\[(\w+)\]/g, (_, name: string) => `[${name.toUpperCase()}]`);
  return [
    `## phaul ${nameOf(module)}`,
    `${String(module.describe)}.`,
    `    phaul ${synopsis.replace(' ', ' [OPTION…] ')}${synopsis.includes(' ') ? '' : ' [OPTION…]'}`,
    ...(positionals.length === 0
      ? []
      : [
          table(
            ['Argument', 'Meaning'],
            positionals.map(([name, { describe = '' }]) => [code(name.toUpperCase()), describe]),
          ),
        ]),
    ...grouped(options).flatMap(([title, entries]) => [
      `### ${title}`,
      table(['Option', 'Default', 'Meaning'], entries.map(optionRow)),
    ]),
    '### Examples',
    examples.map(([command, what]) => `- ${code(command.replace('$0', 'phaul'))}: ${what}`).join('\n'),
  ];
}

/** What a command's builder declares, by letting it build upon something that only takes notes. */
function record({ builder }: CommandModule): Recorded {
  const recorded: Recorded = { positionals: [], options: new Map(), examples: [] };
  const notebook = {
    positional: (name: string, options: Options) => (recorded.positionals.push([name, options]), notebook),
    option: (name: string, options: Options) => (recorded.options.set(name, options), notebook),
    options: (all: Record<string, Options>) => {
      for (const [name, options] of Object.entries(all)) recorded.options.set(name, options);
      return notebook;
    },
    example: (command: string, what: string) => (recorded.examples.push([command, what]), notebook),
  };
  (builder as unknown as (yargs: typeof notebook) => unknown)(notebook);
  return recorded;
}

function grouped(options: ReadonlyMap<string, Options>): [string, [string, Options][]][] {
  const inGroup = (names: Readonly<Record<string, Options>>): [string, Options][] =>
    [...options].filter(([name, option]) => names[name] === option);
  const known = groups.map(([title, names]): [string, [string, Options][]] => [title, inGroup(names)]);
  const rest = [...options].filter(([name, option]) => !groups.some(([, names]) => names[name] === option));
  return [...known, ['Options', rest] as [string, [string, Options][]]].filter(
    ([, entries]) => entries.length > 0,
  );
}

function optionRow([name, option]: [string, Options]): string[] {
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
