import type { LogRecord } from './record.ts';

/** The two forms in which stderr can carry records. */
export const formats = ['text', 'json'] as const;
export type Format = (typeof formats)[number];

const forms: Readonly<Record<Format, (record: LogRecord) => string>> = {
  json: ({ time, level, migration, container, host, act, code, message }) =>
    JSON.stringify({ time, level, migration, container, host, act, code, message }),
  text: ({ time, level, migration, container, host, act, message }) => {
    const about = [migration, container, host, act].filter((each) => each !== undefined).join(' ');
    return `${time} ${level.padEnd(5)} ${about && `${about}: `}${message}`;
  },
};

/** One record as one line. A code is in the words of its error too. */
export function asLine(record: LogRecord, format: Format): string {
  return `${forms[format](record)}\n`;
}
