import * as z from 'zod';
import { PhaulError, type HostRole } from '../../src/errors.ts';

/** What the source says before a stream of `btrfs send`: which tree, and which round of it, from 1. */
export interface Header {
  readonly tree: number;
  readonly round: number;
}

/** Always as long, so that nothing of what follows is read with it. */
export const headerLength = 22;

export function headerText({ tree, round }: Header): string {
  const digits = (value: number): string => String(value).padStart(4, '0');
  return `phaul-btrfs ${digits(tree)} ${digits(round)}\n`;
}

/** @throws PROTOCOL_ERROR */
export function parseHeader(text: string): Header {
  const [, tree, round] = /^phaul-btrfs (\d{4}) (\d{4})\n$/.exec(text) ?? [];
  if (round === undefined) throw new PhaulError('PROTOCOL_ERROR', 'A stream of files has no header.');
  return { tree: Number(tree), round: Number(round) };
}

/** What it says after the stream, because before it is not known yet: whether this was the last round. */
export const trailers = { more: 'more\n', last: 'last\n' } as const;
export const trailerLength = 5;

/** @throws PROTOCOL_ERROR */
export function isLast(trailer: string): boolean {
  if (trailer === trailers.last || trailer === trailers.more) return trailer === trailers.last;
  throw new PhaulError('PROTOCOL_ERROR', 'A stream of files does not end as it should.');
}

const answerSchema = z.union([
  z.strictObject({ ok: z.literal(true) }),
  z.strictObject({
    code: z.enum(['DISK_FULL', 'FS_SYNC', 'PROTOCOL_ERROR', 'CANCELLED', 'TOOL_MISSING', 'INTERNAL']),
    message: z.string().max(4096),
    logLine: z.string().max(4096).optional(),
  }),
]);

/** What the target says after the stream, as one line: null: it has it. */
export function answerText(failure: PhaulError | null): string {
  if (!failure) return JSON.stringify({ ok: true });
  const { message } = failure;
  const { logLine } = failure.details;
  const code = answerSchema.options[1].shape.code.safeParse(failure.code).data ?? 'FS_SYNC';
  const short = (text: string): string => text.slice(0, 1000);
  return JSON.stringify({ code, message: short(message), ...(logLine && { logLine: short(logLine) }) });
}

/** @throws what the target said, or LINK_LOST if it said nothing */
export function readAnswer(text: string): void {
  if (text === '') throw new PhaulError('LINK_LOST', 'The connection broke while files were copied.');
  const answer = answerSchema.safeParse(parsed(text)).data;
  if (!answer)
    throw new PhaulError('PROTOCOL_ERROR', 'The target answered a stream of files in no known way.');
  if ('ok' in answer) return;
  throw new PhaulError(answer.code, answer.message, {
    host: 'target',
    ...(answer.logLine !== undefined && { logLine: answer.logLine }),
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What the program complains of on its standard error, among other things that it says there. */
export function complaints(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !/^At (?:subvol|snapshot) /.test(line));
}

/** A failure of the program, by what it wrote on its standard error. */
export function failureOf(stderr: string, host: HostRole): PhaulError {
  const lines = complaints(stderr);
  const full = lines.find((line) => /No space left on device|Disk quota exceeded/.test(line));
  const logLine =
    full ?? lines.find((line) => line.startsWith('ERROR:')) ?? lines.at(-1) ?? 'it said nothing';
  if (full === undefined)
    return new PhaulError(
      'FS_SYNC',
      `btrfs on the ${host} could not copy the container's files: ${logLine}`,
      {
        host,
        logLine,
      },
    );
  const message = `The ${host} could not write the container's files: its disk is full.`;
  return new PhaulError('DISK_FULL', message, { host, logLine });
}

/** Runs one of the program's commands; its failure as `failureOf` sees it. */
export async function told<T>(host: HostRole, running: Promise<T>): Promise<T> {
  try {
    return await running;
  } catch (error) {
    if (error instanceof PhaulError && error.code === 'DRIVER_FAILED') throw failureOf(error.message, host);
    throw error;
  }
}
