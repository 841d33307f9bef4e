import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '../error-codes.ts';
import { type HostRole, PhaulError } from '../errors.ts';
import { causeInLog } from './log.ts';

const logDirectory = '/var/log/phaul';

/** A failed CRIU request as an error: the line of its log that names the cause, and the log itself put where it survives. */
export async function criuFailure(
  code: ErrorCode,
  message: string,
  where: { readonly log: string; readonly migration: string; readonly name: string; readonly host: HostRole },
): Promise<PhaulError> {
  const logLine = await causeInLog(where.log);
  const kept = join(logDirectory, `${where.migration}-${where.name}.log`);
  const saved = await mkdir(logDirectory, { recursive: true })
    .then(() => copyFile(where.log, kept))
    .then(
      () => true,
      () => false,
    );
  return new PhaulError(code, message, {
    host: where.host,
    ...(logLine === undefined ? {} : { logLine }),
    ...(saved ? { logFile: kept } : {}),
  });
}
