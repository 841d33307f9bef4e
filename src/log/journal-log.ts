import { type Config, readConfig } from '../config.ts';
import { journald } from './journald.ts';
import { logTo } from './log.ts';
import { type Log, noLog } from './record.ts';

/** The table [log]. A configuration file that is wrong is for others to refuse: it must not keep a migration from being ended. */
export async function logSettings(): Promise<Config['log']> {
  return readConfig().then(
    ({ log }) => log,
    () => ({ level: 'info' }),
  );
}

/** The log of a process that nobody reads: systemd's journal, if there is one. */
export async function journalLog(): Promise<Log> {
  const { level } = await logSettings();
  const write = journald();
  return write ? logTo(write, level) : noLog;
}
