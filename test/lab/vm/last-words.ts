import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processesOf } from '../cgroups.ts';
import type { Machine } from './machine.ts';

// What a kernel says of its death: some 6000 characters.
const longest = 8000;

/**
 * What became of a machine, as far as it is not well: whether it is there at all, and what QEMU, the ssh that stays connected, and its kernel have said last. Nothing if all is well:
 * they say nothing then.
 */
export function lastWords({ lab, name, directory }: Omit<Machine, 'image'>): string[] {
  if (!existsSync(directory)) return ['somebody has cleared its lab away'];
  const logs = ['log', 'ssh.log', 'console'].map((ending) => join(directory, `${name}.${ending}`));
  return [
    ...(processesOf(lab, name).some(isQemu) ? [] : ['its QEMU has ended']),
    ...logs.map((path) => read(path).trim().slice(-longest)).filter(Boolean),
  ];
}

const isQemu = (pid: number): boolean => read(`/proc/${pid}/comm`).startsWith('qemu');

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
