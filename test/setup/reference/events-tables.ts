import { eventSchema } from './event-schema.ts';
import { code, table } from './markdown.ts';
import { named, type Schema, typeOf } from './schema-text.ts';

/** What --json writes, as Markdown: the members of every event, each type of event, each kind of result. */
export function eventsTables(): string {
  const all = (eventSchema({ strict: false }).anyOf ?? []) as Schema[];
  const results = all.filter((schema) => typeName(schema) === 'result');
  const common = commonMembers(all);
  const own = (schema: Schema): [string, Schema][] =>
    members(schema).filter(([name]) => !common.includes(name) || inOwnForm(schema, name));
  return [
    '### Members of every event',
    membersTable(all[0], common),
    '### Types of events',
    table(
      ['Type', 'Members', 'Meaning'],
      [
        ...all
          .filter((schema) => !results.includes(schema))
          .map((schema) => [
            code(typeName(schema)),
            own(schema).map(memberText).join('<br>'),
            schema.description ?? '',
          ]),
        [code('result'), 'see below', 'The last one'],
      ],
    ),
    ...results.flatMap((schema) => [
      `### Result: ${lowered(schema.description ?? '')}`,
      flattened(own(schema), schema),
    ]),
  ].join('\n\n');
}

const lowered = (words: string): string => words.charAt(0).toLowerCase() + words.slice(1);
const members = ({ properties = {} }: Schema): [string, Schema][] =>
  Object.entries(properties) as [string, Schema][];
const typeName = (schema: Schema): string =>
  String((schema.properties?.['type'] as Schema | undefined)?.const);

function commonMembers(all: readonly Schema[]): string[] {
  const names = members(all[0] ?? {}).map(([name]) => name);
  return names.filter((name) => all.every(({ properties = {} }) => name in properties));
}

/** Whether an event has this common member in a form of its own: `act` is never null in act-begin. */
function inOwnForm({ properties = {} }: Schema, name: string): boolean {
  return name !== 'type' && (properties[name] as Schema).description === undefined;
}

function memberText([name, schema]: [string, Schema]): string {
  const { description } = schema;
  return `${code(name)}: ${typeOf(schema)}${description ? `. ${description}` : ''}`;
}

function membersTable(schema: Schema | undefined, names: readonly string[]): string {
  const rows = members(schema ?? {}).filter(([name]) => names.includes(name));
  return table(
    ['Member', 'Type', 'Meaning'],
    rows.map(([name, each]) => [
      code(name),
      name === 'type' ? 'string' : typeOf(each),
      name === 'type' ? 'See below' : (each.description ?? ''),
    ]),
  );
}

/** The members of a result. Where all that it has is one object, its members too. */
function flattened(own: readonly [string, Schema][], schema: Schema): string {
  const rows = own.flatMap(([name, each]) => {
    const inside = members(each);
    const row = [code(named(name, schema.required)), typeOf(each), each.description ?? ''];
    if (inside.length === 0 || own.length > 2) return [row];
    const deeper = inside.map(([below, one]) => [
      code(`${name}.${named(below, each.required)}`),
      typeOf(one),
      one.description ?? '',
    ]);
    return [[code(name), 'object', ''], ...deeper];
  });
  return table(['Member', 'Type', 'Meaning'], rows);
}
