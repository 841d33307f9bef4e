import type { InferredOptionType, Options } from 'yargs';
import type { OptionTable } from './options.ts';

/** Some options of a table, by their names. */
export type Said<T extends OptionTable> = { readonly [K in keyof T]?: InferredOptionType<T[K]> | undefined };

type Camel<Name> = Name extends `${infer First}-${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : Name;

/** Every option of a table, whoever has said it. */
export type InForce<T extends OptionTable> = {
  readonly [K in keyof T as Camel<K>]: InferredOptionType<T[K]>;
};

/** For yargs, of which we want to know what was typed: it shows the defaults, and does not know them. */
export function withoutDefaults<T extends OptionTable>(table: T): { [K in keyof T]: Omit<T[K], 'default'> } {
  const shown = Object.entries(table).map(([name, { default: value, ...option }]): [string, Options] => [
    name,
    value === undefined ? option : { ...option, defaultDescription: JSON.stringify(value) },
  ]);
  return Object.fromEntries(shown) as { [K in keyof T]: Omit<T[K], 'default'> };
}

/** Of each option what the first layer says that says anything; else its default. */
export function layered<T extends OptionTable>(table: T, ...layers: readonly Said<T>[]): InForce<T> {
  const values = Object.entries(table).map(([name, option]) => [
    name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    layers.map((layer) => layer[name]).find((value) => value !== undefined) ?? option.default,
  ]);
  return Object.fromEntries(values) as InForce<T>;
}
