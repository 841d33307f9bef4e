import type { CommandModule } from 'yargs';
import type { OptionTable } from './options.ts';

export type Option = OptionTable[string];

/** One command as its builder declares it: what the references and the shells' completion are made from. */
export interface Described {
  readonly name: string;
  readonly describe: string;
  /** `migrate <container> <dest>` */
  readonly usage: string;
  readonly positionals: readonly (readonly [string, Option])[];
  readonly options: ReadonlyMap<string, Option>;
  /** Each with what it is for. */
  readonly examples: readonly (readonly [string, string])[];
}

/** Lets its builder build upon something that only takes notes. */
export function described({ command, describe, builder }: CommandModule): Described {
  const usage = String(command);
  const positionals: [string, Option][] = [];
  const options = new Map<string, Option>();
  const examples: [string, string][] = [];
  const notebook = {
    positional: (name: string, option: Option) => (positionals.push([name, option]), notebook),
    option: (name: string, option: Option) => (options.set(name, option), notebook),
    options: (all: OptionTable) => {
      for (const [name, option] of Object.entries(all)) options.set(name, option);
      return notebook;
    },
    example: (call: string, what: string) => (examples.push([call.replace('$0', 'phaul'), what]), notebook),
  };
  (builder as unknown as (yargs: typeof notebook) => unknown)(notebook);
  const [name = ''] = usage.split(' ');
  return { name, describe: String(describe), usage, positionals, options, examples };
}

/** How an option is typed, the long ways first. */
export function spellings(name: string, option: Option): string[] {
  const { type, alias } = option;
  const isOff = option.default === false || option.defaultDescription === 'false';
  const no = type === 'boolean' && !isOff ? [`--no-${name}`] : [];
  return [`--${name}`, ...no, ...(alias === undefined ? [] : [`-${String(alias)}`])];
}

/** What stands for its value; null: it is a switch. */
export function valueOf({ type, choices, value }: Option): string | null {
  if (choices) return choices.join('|');
  if (type === 'boolean') return null;
  return value ?? (type === 'number' ? 'N' : 'TEXT');
}
