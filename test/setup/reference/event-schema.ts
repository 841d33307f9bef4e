import * as z from 'zod';
import { phaulEvent } from '../../../src/observe/events.ts';
import type { Schema } from './schema-text.ts';

/**
 * The JSON Schema of one event, made from the schemas that its types are inferred from.
 * @param strict members that are not in it are forbidden: for phaul's own tests. Programs that call phaul must ignore them.
 */
export function eventSchema({ strict }: { readonly strict: boolean }): Schema {
  return z.toJSONSchema(phaulEvent, {
    io: strict ? 'output' : 'input',
    override: ({ jsonSchema }) => {
      // That nobody may write into an event is TypeScript's business; a pattern that says what the format of dates says is noise.
      delete jsonSchema.readOnly;
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      // The largest integer of JavaScript is no limit that means anything here.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
}

/** docs/events.schema.json */
export function eventSchemaFile(): string {
  const { $schema, anyOf } = eventSchema({ strict: false });
  const title = 'One line of phaul --json: one event. Made by "npm run docs"; docs/events.md explains it.';
  return JSON.stringify({ $schema, title, anyOf });
}
