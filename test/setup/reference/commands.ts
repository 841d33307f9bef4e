import { commands } from '../../../src/cli/commands.ts';
import { described, type Described, type Option } from '../../../src/cli/described.ts';
import * as optionTables from '../../../src/cli/options.ts';

/** A command as a reference explains it. */
export interface Explained extends Omit<Described, 'options' | 'usage'> {
  /** `migrate [OPTION…] CONTAINER DEST` */
  readonly synopsis: string;
  /** Its options by what they are about. */
  readonly groups: readonly Group[];
}

type Group = readonly [string, readonly (readonly [string, Option])[]];

const groups: readonly (readonly [string, optionTables.OptionTable])[] = [
  ['The container', optionTables.containerOptions],
  ['The course of the migration', { ...optionTables.modeOptions, ...optionTables.courseOptions }],
  ['CRIU', optionTables.criuOptions],
  ['Reaching the target', optionTables.reachOptions],
  ['Output', { ...optionTables.outputOptions, ...optionTables.logOptions, ...optionTables.reportOptions }],
  ['Configuration', optionTables.configOptions],
];

/** All that --help knows, in its order. */
export const explained = (): Explained[] => commands.map(described).map(explain);

function explain({ options, usage, ...about }: Described): Explained {
  const synopsis = usage
    .replaceAll(/<(\w+)>/g, (_, name: string) => name.toUpperCase())
    .replaceAll(/\[(\w+)\]/g, (_, name: string) => `[${name.toUpperCase()}]`);
  const groups = grouped(options);
  const withOptions = groups.length > 0 ? synopsis.replace(/ |$/, ' [OPTION…]$&') : synopsis;
  return { ...about, synopsis: withOptions, groups };
}

function grouped(options: ReadonlyMap<string, Option>): Group[] {
  // The tables say more than yargs is told: the defaults.
  const known = groups.map(([title, table]): Group => [
    title,
    Object.entries(table).filter((entry) => isIn(entry, options)),
  ]);
  const rest = [...options].filter(([name, option]) =>
    groups.every(([, table]) => !isIn([name, option], new Map(Object.entries(table)))),
  );
  const all: Group[] = [['Options', rest], ...known];
  return all.filter(([, entries]) => entries.length > 0);
}

/** Whether it is that option, not only another of that name. */
function isIn([name, { describe }]: [string, Option], options: ReadonlyMap<string, Option>): boolean {
  return options.get(name)?.describe === describe;
}
