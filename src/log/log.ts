import { plainText } from '../observe/plain-text.ts';
import { type Level, levels, type Log, type LogRecord } from './record.ts';

/** Hands on what is at least that bad. Some of it is the other host's words: what steers a terminal, or would begin another line, is taken out. */
export function logTo(write: (record: LogRecord) => void, least: Level): Log {
  const most = levels.indexOf(least);
  return ({ time = new Date().toISOString(), container, message, ...record }) => {
    if (levels.indexOf(record.level) > most) return;
    const named = container === undefined ? {} : { container: plainText(container) };
    write({ time, ...record, ...named, message: plainText(message) });
  };
}

export function both(...logs: readonly Log[]): Log {
  return (record) => logs.forEach((log) => log(record));
}
