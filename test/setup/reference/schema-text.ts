import type * as z from 'zod';

export type Schema = z.core.JSONSchema.BaseSchema;

/** A member's name, with a mark if it may be missing. */
export const named = (name: string, required: readonly string[] = []): string =>
  required.includes(name) ? name : `${name}?`;

/** A JSON schema in a few words: `[string] or null`. */
export function typeOf(schema: Schema): string {
  const { type, anyOf, items, properties, required = [], enum: values } = schema;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (values?.includes('preflight')) return 'act';
  if (values) return values.length > 5 ? 'code' : values.map((value) => JSON.stringify(value)).join(' or ');
  if (schema.$ref || (anyOf && anyOf.length > 3)) return 'any';
  if (anyOf) return anyOf.map((each) => typeOf(each as Schema)).join(' or ');
  if (type === 'array') return `[${typeOf(items as Schema)}]`;
  if (type !== 'object') return [type ?? 'any'].flat().join(' or ');
  if (typeof schema.additionalProperties === 'object')
    return `{name: ${typeOf(schema.additionalProperties as Schema)}}`;
  const inside = Object.entries(properties ?? {}).map(
    ([name, each]) => `${named(name, required)}: ${typeOf(each as Schema)}`,
  );
  return `{${inside.join(', ')}}`;
}
