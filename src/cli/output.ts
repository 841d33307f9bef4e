import { createWriteStream, type WriteStream } from 'node:fs';
import { isatty } from 'node:tty';
import { PhaulError } from '../errors.ts';
import type { Format } from '../log/lines.ts';
import { logEvents } from '../log/of-events.ts';
import type { Level, Log } from '../log/record.ts';
import { type Clock, realClock } from '../observe/clock.ts';
import type { Listener } from '../observe/emitter.ts';
import type { PhaulEvent } from '../observe/events.ts';
import { jsonLines } from '../observe/json-lines.ts';
import { plainLines, quietLines } from '../observe/plain-lines.ts';
import type { Renderer } from '../observe/renderer.ts';
import { hostLog } from './host-log.ts';
import { type Outlet, outlet } from './outlet.ts';
import { heedResult } from './result-said.ts';

interface OutputArguments {
  readonly logLevel?: Level | undefined;
  readonly logFormat?: Format | undefined;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly quiet: boolean;
  readonly logFile?: string | undefined;
  readonly report?: string | undefined;
}

/** Tests have others. */
interface Surroundings {
  readonly clock: Clock;
  readonly open: (fd: number) => Outlet;
}

export interface Output {
  readonly listeners: readonly Listener[];
  /** A line for people that no event tells. */
  readonly say: (line: string) => void;
}

/**
 * What the output options ask for. People read stdout, or stderr if programs read stdout; a log on stderr takes the place of what is for people. The journal is
 * told of what changes something.
 * @param changes it is not only looked at what would be done
 * @throws USAGE
 */
export async function outputFor(
  asked: OutputArguments,
  changes: boolean,
  { clock, open }: Surroundings = { clock: realClock, open: outlet },
): Promise<Output> {
  const { json, verbose, quiet, logFile, report } = asked;
  if (verbose && quiet) throw new PhaulError('USAGE', '--quiet and --verbose do not go together.');
  const log = logFile === undefined ? null : jsonLinesTo(await openFile(logFile, 'log-file', 'a'));
  const page = report === undefined ? null : await reportTo(await openFile(report, 'report', 'w'));
  const stdout = open(1);
  const programs = json ? jsonLines(stdout.write) : null;
  const { journal, stderr } = await hostLog(asked);
  const { listener, say } = stderr ? inLog(stderr) : await forPeople(json ? open(2) : stdout, asked, clock);
  const heed = json ? heedResult : null;
  const journalled = changes ? logEvents(journal) : null;
  const listeners = [listener, programs, heed, log, page, journalled].filter((each) => each !== null);
  return { listeners, say };
}

function inLog(log: Log): Renderer {
  return { listener: logEvents(log), say: (message) => log({ level: 'warn', message }) };
}

async function forPeople(
  out: Outlet,
  { json, verbose, quiet }: OutputArguments,
  clock: Clock,
): Promise<Renderer> {
  if (quiet) return quietLines(out.write);
  const terminal = json ? process.stderr : process.stdout;
  // Where both go to one terminal, lines of JSON would come in between.
  if (!isatty(json ? 2 : 1) || (json && isatty(1)) || process.env['TERM'] === 'dumb')
    return plainLines(out.write, clock, { verbose });
  const size = (): { columns: number; rows: number } => ({
    // A terminal that does not know its size says 0.
    columns: terminal.columns || 80,
    rows: terminal.rows || 24,
  });
  // Loaded only where it is wanted: every start would wait for the widths of all the world's characters.
  const { livePicture } = await import('../observe/terminal/live-picture.ts');
  return livePicture({ ...out, size }, clock, { verbose, colour: !process.env['NO_COLOR'] });
}

function jsonLinesTo(stream: WriteStream): Listener {
  return jsonLines((line) => stream.write(line));
}

/** The page is made when nothing stands still any more. */
async function reportTo(stream: WriteStream): Promise<Listener> {
  const { reportPage } = await import('../observe/report/page.ts');
  const events: PhaulEvent[] = [];
  return (event) => {
    events.push(event);
    if (event.type === 'result') stream.end(reportPage(events));
  };
}

/** Before anything begins: what cannot be written is said at once. @throws USAGE */
async function openFile(path: string, option: string, flags: 'a' | 'w'): Promise<WriteStream> {
  const stream = createWriteStream(path, { flags, mode: 0o600 });
  return new Promise((resolve, reject) => {
    stream.once('open', () => resolve(stream));
    stream.once('error', (cause) =>
      reject(new PhaulError('USAGE', `--${option} ${path} cannot be written.`, { cause })),
    );
  });
}
