import { readFile } from 'node:fs/promises';

/** Each is in the directory of its images. */
export const logNames = { preDump: 'pre-dump.log', dump: 'dump.log', restore: 'restore.log' } as const;

// Logged as errors and harmless (criu-facts: CAP_SYS_RESOURCE missing; the lines that only repeat that something failed).
const noise = [/Can't setup RLIMIT_NOFILE/, /Dumping FAILED/, /Restoring FAILED/, /Pre-dumping FAILED/];

/** The line of a CRIU log that names the cause of a failure: the first error that is not noise. */
export async function causeInLog(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const errors = text
    .split('\n')
    .filter((line) => line.includes('Error (') && !noise.some((n) => n.test(line)));
  return errors[0]?.trim();
}
