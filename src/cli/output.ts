import { createWriteStream, type WriteStream } from 'node:fs';
import { isatty } from 'node:tty';
import { PhaulError } from '../errors.ts';
import { type Clock, realClock } from '../observe/clock.ts';
import type { Listener } from '../observe/emitter.ts';
import { jsonLines } from '../observe/json-lines.ts';
import { plainLines, quietLines } from '../observe/plain-lines.ts';
import type { Renderer } from '../observe/renderer.ts';
import { livePicture } from '../observe/terminal/live-picture.ts';
import { type Outlet, outlet } from './outlet.ts';

interface OutputArguments {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly quiet: boolean;
  readonly logFile?: string | undefined;
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

/** What the output options ask for. People read stdout, or stderr if programs read stdout. @throws USAGE */
export async function outputFor(
  asked: OutputArguments,
  { clock, open }: Surroundings = { clock: realClock, open: outlet },
): Promise<Output> {
  const { json, verbose, quiet, logFile } = asked;
  if (verbose && quiet) throw new PhaulError('USAGE', '--quiet and --verbose do not go together.');
  const log = logFile === undefined ? null : jsonLinesTo(await openLog(logFile));
  const stdout = open(1);
  const programs = json ? jsonLines(stdout.write) : null;
  const { listener, say } = forPeople(json ? open(2) : stdout, asked, clock);
  return { listeners: [listener, programs, log].filter((each) => each !== null), say };
}

function forPeople(out: Outlet, { json, verbose, quiet }: OutputArguments, clock: Clock): Renderer {
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
  return livePicture({ ...out, size }, clock, { verbose, colour: !process.env['NO_COLOR'] });
}

function jsonLinesTo(stream: WriteStream): Listener {
  return jsonLines((line) => stream.write(line));
}

async function openLog(path: string): Promise<WriteStream> {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  return new Promise((resolve, reject) => {
    stream.once('open', () => resolve(stream));
    stream.once('error', (cause) =>
      reject(new PhaulError('USAGE', `--log-file ${path} cannot be written.`, { cause })),
    );
  });
}
