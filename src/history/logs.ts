import { type FileHandle, open, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { logNames } from '../criu/log.ts';

const headBytes = 64 * 2 ** 10;
const tailBytes = 192 * 2 ** 10;
const mostDumps = 32;

/**
 * Keeps CRIU's logs of a migration in its history, if that has begun, before they go with its images. One that is there already stays: of a failure the whole
 * log was kept. Never throws.
 * @param images the directory with one directory for each dump
 */
export async function keepLogs(images: string, history: string): Promise<void> {
  try {
    await readdir(history);
  } catch {
    return;
  }
  for (const { from, name } of await logsIn(images))
    await keepLog(from, join(history, name)).catch(() => undefined);
}

/** Where a log of each name would be, the last dump's last. */
export async function logsIn(images: string): Promise<{ readonly from: string; readonly name: string }[]> {
  const dumps = (await readdir(images).catch(() => [])).sort((one, other) => Number(one) - Number(other));
  return dumps.slice(-mostDumps).flatMap((dump) =>
    Object.values(logNames).map((name) => ({
      from: join(images, dump, name),
      name: name === logNames.preDump ? `pre-dump-${dump}.log` : name,
    })),
  );
}

/** A long one without its middle. When it was written last tells when it began. */
async function keepLog(from: string, to: string): Promise<void> {
  const log = await open(from);
  try {
    const { size, atime, mtime } = await log.stat();
    const copy = await open(to, 'wx', 0o600);
    try {
      if (size <= headBytes + tailBytes) await copy.write(await part(log, 0, size));
      else {
        await copy.write(await part(log, 0, headBytes));
        await copy.write(`\n… ${size - headBytes - tailBytes} bytes are left out here …\n`);
        await copy.write(await part(log, size - tailBytes, tailBytes));
      }
    } finally {
      await copy.close();
    }
    await utimes(to, atime, mtime);
  } finally {
    await log.close();
  }
}

async function part(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
  return buffer.subarray(0, bytesRead);
}
