import { copyFile, mkdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '../error-codes.ts';
import { type HostRole, PhaulError } from '../errors.ts';
import { historyDirectory } from '../history/places.ts';
import { causeInLog } from './log.ts';

/** A failed CRIU request as an error: the line of its log that names the cause, and the log itself put where it survives. */
export async function criuFailure(
  code: ErrorCode,
  message: string,
  where: { readonly log: string; readonly migration: string; readonly name: string; readonly host: HostRole },
): Promise<PhaulError> {
  const logLine = await causeInLog(where.log);
  const directory = historyDirectory(where.migration, where.host);
  const kept = join(directory, `${where.name}.log`);
  const saved = await copy(where.log, directory, kept).then(
    () => true,
    () => false,
  );
  return new PhaulError(code, message, {
    host: where.host,
    ...(logLine === undefined ? {} : { logLine }),
    ...(saved ? { logFile: kept } : {}),
  });
}

/** All of it. When it was written last tells when it began. */
async function copy(log: string, directory: string, kept: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await copyFile(log, kept);
  const { atime, mtime } = await stat(log);
  await utimes(kept, atime, mtime);
}
