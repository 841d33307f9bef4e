import type { CriuProbe } from '../criu/probe.ts';
import type { Refusal } from '../errors.ts';
import { loadZstd } from '../pages/zstd.ts';
import { type Migration, sourceRefusal } from './migration.ts';

// What stands against a migration once both hosts have answered.

export function noFreezer(): Refusal {
  const message = 'This host has no freezer for cgroups, which holds the container at the hand-over.';
  const hint = 'Mount cgroup v2, or the freezer of v1, or give the kernel CONFIG_CGROUP_FREEZER.';
  return { code: 'KERNEL_FEATURE', message, hint, host: 'source' };
}

/** Insisted upon, and not to be had. */
export function lazyRefusals({ options }: Migration, target: CriuProbe | null): Refusal[] {
  if (options.restore !== 'lazy' || !target || target.lazyPages) return [];
  const message = "--restore lazy: the target's kernel lets no memory follow a running task (userfaultfd).";
  const hint = 'Go without --restore lazy, or give the target a kernel with CONFIG_USERFAULTFD.';
  return [{ code: 'KERNEL_FEATURE', message, hint, host: 'target' }];
}

export function zstdRefusals({ options }: Migration, there: boolean): Refusal[] {
  if (options.compress !== 'zstd') return [];
  const hosts = [...(loadZstd() ? [] : ['source' as const]), ...(there ? [] : ['target' as const])];
  return hosts.map((host) => ({
    code: 'TOOL_MISSING',
    message: '--compress zstd: this host has no libzstd.so.1.',
    hint: 'Install it (Debian: libzstd1), or go without --compress zstd.',
    host,
  }));
}

/** An older CRIU does not understand all that a newer one writes. */
export function criuMismatch(m: Migration, source: CriuProbe | null, target: CriuProbe | null): Refusal[] {
  if (!source || !target || m.options.skipCriuCheck) return [];
  if (source.number > target.number && Math.floor(source.number / 100) !== Math.floor(target.number / 100)) {
    const message = `CRIU is ${source.version} on the source and older, ${target.version}, on the target.`;
    return [sourceRefusal('CRIU_MISMATCH', message, 'Install the same CRIU on both hosts.')];
  }
  return [];
}
