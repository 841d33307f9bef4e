import { basename } from 'node:path';
import { crunRuntime } from './crun.ts';
import { runcRuntime } from './runc.ts';
import type { OciRuntime } from './runtime.ts';

/** The runtime that a program is, given by name or path; null: none that phaul knows. */
export function runtimeOf(program: string): OciRuntime | null {
  return [runcRuntime, crunRuntime].find(({ name }) => name === basename(program)) ?? null;
}
