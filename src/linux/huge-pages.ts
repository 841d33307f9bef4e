import { readFile } from 'node:fs/promises';

/** Whether programs get huge pages without asking for them. */
export async function hugePagesAlways(): Promise<boolean> {
  const text = await readFile('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8').catch(() => '');
  return text.includes('[always]');
}
