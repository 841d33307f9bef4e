import { createWriteStream, type WriteStream } from 'node:fs';
import { PhaulError } from '../errors.ts';
import { jsonLines } from '../observe/json-lines.ts';
import type { Listener } from '../observe/emitter.ts';
import { progressLines } from '../observe/progress.ts';

interface OutputArguments {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly logFile?: string | undefined;
}

/** The listeners that the output options ask for: people read stderr, programs read stdout. @throws USAGE */
export async function listenersFor({ json, verbose, logFile }: OutputArguments): Promise<Listener[]> {
  const out = json ? jsonLines((line) => process.stdout.write(line)) : null;
  const people = progressLines((line) => (json ? process.stderr : process.stdout).write(line), { verbose });
  const log = logFile === undefined ? null : jsonLinesTo(await openLog(logFile));
  return [people, out, log].filter((listener) => listener !== null);
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
