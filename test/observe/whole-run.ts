import { Ajv2020 } from 'ajv/dist/2020.js';
import type { PhaulEvent } from '../../src/observe/events.ts';
import { eventSchema } from '../setup/reference/event-schema.ts';

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
// By type, so that what is said of a wrong event is about its own kind.
const schemas = eventSchema({ strict: true }).anyOf ?? [];
const validators = new Map(
  schemas.map(typeOf).map((type) => {
    const anyOf = schemas.filter((schema) => typeOf(schema) === type);
    return [type, ajv.compile({ anyOf })];
  }),
);

function typeOf(schema: unknown): string {
  return (schema as { properties: { type: { const: string } } }).properties.type.const;
}

/** The stdout of a whole run with --json. @throws Error if it is anything but valid events of one migration with one result, the last */
export function wholeRun(stdout: string): PhaulEvent[] {
  if (stdout !== '' && !stdout.endsWith('\n')) throw new Error(`the last line has no end: ${stdout}`);
  const events = stdout.split('\n').slice(0, -1).map(validEvent);
  const results = events.filter(({ type }) => type === 'result').length;
  if (results !== 1 || events.at(-1)?.type !== 'result')
    throw new Error(`${results} results, which should be one, at the end:\n${stdout}`);
  if (new Set(events.map(({ migration }) => migration)).size > 1) throw new Error('several migrations');
  return events;
}

/** @throws Error if it is not an event as documented, with no member more */
export function validEvent(line: string): PhaulEvent {
  const event = parsed(line);
  const validate = validators.get(event.type);
  if (!validate?.(event))
    throw new Error(`not as documented: ${line}\n${ajv.errorsText(validate?.errors ?? null)}`);
  return event;
}

function parsed(line: string): PhaulEvent {
  try {
    return JSON.parse(line) as PhaulEvent;
  } catch {
    throw new Error(`not JSON on stdout: ${line}`);
  }
}
