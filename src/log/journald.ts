import { fstatSync } from 'node:fs';
import { datagramsTo } from '../linux/datagrams.ts';
import type { Level, LogRecord } from './record.ts';

const usualSocket = '/run/systemd/journal/socket';

// Those of syslog.
const priorities: Readonly<Record<Level, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** More than that would not go into one datagram, and into no page of anybody's either. */
const longestMessage = 16_384;

/**
 * Gives records to systemd's journal, in its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): then `journalctl PHAUL_MIGRATION=ID` finds them. Null where
 * there is no journald.
 */
export function journald(path = usualSocket): ((record: LogRecord) => void) | null {
  const send = datagramsTo(path);
  return send && ((record) => send(asDatagram(record)));
}

/** One field a line; no value has a line end of its own, because control characters are taken out of all of them. */
export function asDatagram({ level, message, ...record }: LogRecord): Buffer {
  const { migration, container, host, act, code } = record;
  const subject = container ?? migration;
  const fields = {
    // Mostly that is all that is shown.
    MESSAGE: `${subject === undefined ? '' : `${subject}: `}${message}`.slice(0, longestMessage),
    PRIORITY: priorities[level],
    SYSLOG_IDENTIFIER: 'phaul',
    PHAUL_MIGRATION: migration,
    PHAUL_CONTAINER: container,
    PHAUL_HOST: host,
    PHAUL_ACT: act,
    PHAUL_CODE: code,
  };
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}\n`],
  );
  return Buffer.from(lines.join(''));
}

/** Whether stderr leads into the journal already: systemd says of which file it connected both (systemd.exec(5), JOURNAL_STREAM). */
export function isJournal(fd: number): boolean {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return process.env['JOURNAL_STREAM'] === `${dev}:${ino}`;
}
