import { duration, sized } from './amounts.ts';
import { comparisons } from './comparisons.ts';
import type { Course } from './course.ts';
import type { Summary } from './events.ts';
import { stopWords } from './happenings.ts';
import { amountsOf } from './spark.ts';

/** What a migration that worked has come to: a few lines, what matters most first. @param totalMs how long all of it took */
export function summaryLines(result: Summary, { reason }: Pick<Course, 'reason'>, totalMs: number): string[] {
  const { acts, files, fill, warnings } = result;
  const times = acts.map(({ act, ms }) => `${act} ${duration(ms)}`).join(', ');
  const drivers = files.map(({ driver, trees }) => `${few(trees)} by ${driver}`).join('; ');
  return [
    ...(result.stop === null ? live(result) : revived(result, result.stop)),
    ...iterated(result, reason),
    ...(fill === null
      ? []
      : [`Put in place behind it: ${fill.pages} pages, ${fill.waitedFor} of which a task had to wait for.`]),
    `Files: ${drivers || 'none'}.`,
    ...(warnings.length === 0 ? [] : [`Warnings: ${warnings.length}, see above.`]),
    `Time: ${duration(totalMs)} (${times}).`,
    ...foreseen(result),
  ];
}

function live(result: Summary): string[] {
  const { bytes, container, target, predictedFreezeMs } = result;
  const expected = predictedFreezeMs === null ? '' : ` (expected: ${duration(predictedFreezeMs)})`;
  return [
    `${container} runs on ${target} (pid ${result.pid} there). It stood still for ${duration(result.freezeMs)}${expected}.`,
    `Moved: ${result.pages} pages (${sized(bytes.mem)}), ${sized(bytes.images)} of images, ${sized(bytes.fs)} of files.`,
  ];
}

function revived(
  { container, target, pid, startWith, freezeMs, bytes }: Summary,
  stop: NonNullable<Summary['stop']>,
): string[] {
  return [
    pid === null
      ? `${container} is complete on ${target} and stopped there. Start it there with: ${startWith}`
      : `${container} runs on ${target} (pid ${pid} there). From its end here to its start there: ${duration(freezeMs)}.`,
    `On the source: ${stopWords(stop)}.`,
    `Moved: ${sized(bytes.fs)} of files (first copy ${sized(bytes.firstCopy)}; while it was stopped ${sized(bytes.lastSync)}).`,
  ];
}

function iterated({ iterations, mode }: Summary, reason: string | null): string[] {
  if (iterations.length === 0)
    return reason === null ? [] : [`${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`];
  const { bars, words } = amountsOf(iterations, mode);
  const why = reason === null ? '' : `; ${reason}`;
  return [`Iterations: ${bars} ${words.join(', ')}${mode === 'live' ? ' pages' : ''}${why}.`];
}

function foreseen(result: Summary): string[] {
  const all = comparisons(result).map(({ what, expected, real }) => `${what} ${expected} → ${real}`);
  return all.length === 0 ? [] : [`Expected beforehand → what it was: ${all.join(', ')}.`];
}

const most = 4;

function few(trees: readonly string[]): string {
  const left = trees.length - most;
  return `${trees.slice(0, most).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}
