import { PhaulError } from '../errors.ts';

/** @throws NOT_ROOT */
export function needRoot(): void {
  if (process.getuid?.() !== 0) throw new PhaulError('NOT_ROOT', 'phaul must run as root.');
}
