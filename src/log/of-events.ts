import { advance, beforeTheStart } from '../observe/course.ts';
import type { Listener } from '../observe/emitter.ts';
import { ending, failureLines } from '../observe/ending.ts';
import type { ErrorReport, PhaulEvent } from '../observe/events.ts';
import { inWords } from '../observe/happenings.ts';
import type { Level, Log, LogRecord } from './record.ts';

/** Logs the events of one migration. What only --verbose shows is for debugging; what only counts up is left out. */
export function logEvents(log: Log): Listener {
  let course = beforeTheStart;
  return (event) => {
    course = advance(course, event);
    const { migration, time, host } = event;
    const act = event.act ?? undefined;
    const container = course.container === '' ? undefined : course.container;
    const about = { migration, time, host, act, container };
    if (event.type !== 'result')
      for (const message of inWords(event, { verbose: true }))
        log({ ...about, level: levelOf(event), message });
    else if (event.ok) for (const message of ending(event, course)) log({ ...about, level: 'info', message });
    else log({ ...about, ...failure(event.error) });
  };
}

/** All that is said of one, in one record. */
export function failure(error: ErrorReport): Pick<LogRecord, 'level' | 'message' | 'code'> {
  const message = failureLines(error)
    .map((line) => line.trim())
    .join(' ');
  return { level: 'error', message, code: error.code };
}

function levelOf(event: PhaulEvent): Level {
  if (event.type === 'warning' || event.type === 'undo') return 'warn';
  return inWords(event, { verbose: false }).length > 0 ? 'info' : 'debug';
}
