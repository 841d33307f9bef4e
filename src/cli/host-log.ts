import { logSettings } from '../log/journal-log.ts';
import { journald, isJournal } from '../log/journald.ts';
import { asLine, type Format } from '../log/lines.ts';
import { both, logTo } from '../log/log.ts';
import { type Level, type Log, noLog } from '../log/record.ts';
import { outlet } from './outlet.ts';

interface Asked {
  readonly logLevel?: Level | undefined;
  readonly logFormat?: Format | undefined;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
}

/** Where this process writes records. */
export interface HostLog {
  readonly journal: Log;
  /** Null: stderr is for people. */
  readonly stderr: Log | null;
  /** To all of them. */
  readonly log: Log;
}

/** The log of this host, as the command line and the table [log] of the configuration file want it. */
export async function hostLog({ logLevel, logFormat, verbose, quiet }: Asked): Promise<HostLog> {
  const file = await logSettings();
  const format = logFormat ?? file.format;
  const level = logLevel ?? (verbose ? 'debug' : file.level);
  const toJournal = journald();
  const journal = toJournal ? logTo(toJournal, level) : noLog;
  if (format === undefined) return { journal, stderr: null, log: journal };
  // What systemd has connected to the journal would tell it everything twice.
  const err = toJournal && isJournal(2) ? null : outlet(2);
  const least = quiet && logLevel === undefined ? 'warn' : level;
  const stderr = err ? logTo((record) => err.write(asLine(record, format)), least) : noLog;
  return { journal, stderr, log: both(journal, stderr) };
}
