import type { CommandModule, Options } from 'yargs';
import { cancelCommand } from '../../../src/cli/cancel.ts';
import { checkCommand } from '../../../src/cli/check.ts';
import { configCommand } from '../../../src/cli/config.ts';
import { driversCommand } from '../../../src/cli/drivers.ts';
import { logsCommand } from '../../../src/cli/logs.ts';
import { migrateCommand } from '../../../src/cli/migrate.ts';
import * as optionTables from '../../../src/cli/options.ts';
import { program } from '../../../src/cli/program.ts';
import { psCommand } from '../../../src/cli/ps.ts';
import { recoverCommand } from '../../../src/cli/recover.ts';
import { reportCommand } from '../../../src/cli/report.ts';
import { serviceCommand } from '../../../src/cli/service.ts';
import { statusCommand } from '../../../src/cli/status.ts';

/** One command as its builder declares it. */
export interface Command {
  readonly name: string;
  readonly describe: string;
  /** `migrate [OPTION…] CONTAINER DEST` */
  readonly synopsis: string;
  readonly positionals: readonly (readonly [string, Options])[];
  /** By what they are about. */
  readonly groups: readonly (readonly [string, readonly (readonly [string, Options])[]])[];
  /** Each with what it is for. */
  readonly examples: readonly (readonly [string, string])[];
}

// Each has arguments of its own, which do not matter here.
const modules = [
  migrateCommand,
  checkCommand,
  driversCommand,
  psCommand,
  statusCommand,
  cancelCommand,
  logsCommand,
  reportCommand,
  recoverCommand,
  configCommand,
  serviceCommand,
] as unknown as CommandModule[];

const groups: readonly (readonly [string, optionTables.OptionTable])[] = [
  ['The container', optionTables.containerOptions],
  ['The course of the migration', { ...optionTables.modeOptions, ...optionTables.courseOptions }],
  ['CRIU', optionTables.criuOptions],
  ['Reaching the target', optionTables.reachOptions],
  ['Output', { ...optionTables.outputOptions, ...optionTables.reportOptions }],
  ['Configuration', optionTables.configOptions],
];

/** Everything that --help knows, in its order. @throws if a command is missing here */
export async function allCommands(): Promise<Command[]> {
  const help = await program([]).getHelp();
  const known = [...help.matchAll(/^ {2}phaul (\w+)/gm)].map(([, name]) => name);
  const documented = modules.map(nameOf);
  const missing = known.filter((name) => name !== undefined && !documented.includes(name));
  if (missing.length > 0 || known.length === 0)
    throw new Error(`commands to add in commands.ts: ${missing.join(', ')}`);
  return modules.map(described);
}

function nameOf({ command }: CommandModule): string {
  return String(command).split(' ')[0] ?? '';
}

function described(module: CommandModule): Command {
  const { positionals, options, examples } = record(module);
  const synopsis = String(module.command)
    .replaceAll(/<(\w+)>/g, (_, name: string) => name.toUpperCase())
    .replaceAll(/\[(\w+)\]/g, (_, name: string) => `[${name.toUpperCase()}]`);
  return {
    name: nameOf(module),
    describe: String(module.describe),
    synopsis: synopsis.includes(' ') ? synopsis.replace(' ', ' [OPTION…] ') : `${synopsis} [OPTION…]`,
    positionals,
    groups: grouped(options),
    examples: examples.map(([command, what]) => [command.replace('$0', 'phaul'), what]),
  };
}

interface Recorded {
  readonly positionals: [string, Options][];
  readonly options: Map<string, Options>;
  readonly examples: [string, string][];
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
  // The tables say more than yargs is told: the defaults.
  const known = groups.map(([title, table]): [string, [string, Options][]] => [
    title,
    Object.entries(table).filter((entry) => isIn(entry, options)),
  ]);
  const rest = [...options].filter(([name, option]) =>
    groups.every(([, table]) => !isIn([name, option], new Map(Object.entries(table)))),
  );
  const all: [string, [string, Options][]][] = [['Options', rest], ...known];
  return all.filter(([, entries]) => entries.length > 0);
}

/** Whether it is that option, not only another of that name. */
function isIn([name, { describe }]: [string, Options], options: ReadonlyMap<string, Options>): boolean {
  return options.get(name)?.describe === describe;
}
