import type { Options } from 'yargs';
import { fileOptions } from '../../../src/cli/options.ts';
import { code, table } from './markdown.ts';

/** The keys of [migrate], in docs/configuration.md. */
export function settingsTable(): string {
  const rows = Object.entries<Options>(fileOptions).map(([name, option]) => [
    code(name),
    valueOf(option),
    option.default === undefined ? '' : code(JSON.stringify(option.default)),
    option.describe ?? '',
  ]);
  return table(['Key', 'Value', 'Default', 'Meaning'], rows);
}

function valueOf({ choices, type }: Options): string {
  if (choices) return choices.map((choice) => code(JSON.stringify(choice))).join(' or ');
  if (type === 'boolean') return `${code('true')} or ${code('false')}`;
  return type === 'number' ? 'a number' : 'text';
}
