import { readFile } from 'node:fs/promises';

/** What this host's CPU can, as /proc/cpuinfo calls it. */
export async function cpuFlags(): Promise<string[]> {
  return parseCpuFlags(await readFile('/proc/cpuinfo', 'utf8').catch(() => ''));
}

export function parseCpuFlags(text: string): string[] {
  return (/^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1] ?? '').split(' ').filter(Boolean);
}
