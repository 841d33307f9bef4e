import { duration, sized } from './amounts.ts';
import type { PhaulEvent, StopReport } from './events.ts';

/** One event in words, for people; results are in ending.ts. Nothing where it is a detail that nobody asked for. */
export function inWords(event: PhaulEvent, { verbose }: { readonly verbose: boolean }): string[] {
  switch (event.type) {
    case 'start':
      return [`${event.container} → ${event.target} (${event.mode})`];
    case 'act-begin':
      return verbose ? [`${event.act} …`] : [];
    case 'act-end':
      return [`${event.act} ${duration(event.actMs)}`];
    case 'hosts':
      return verbose
        ? [event.source, event.target].map(
            ({ name, phaul, criu, kernel }) =>
              `${name}: phaul ${phaul ?? 'unknown'}, ${criu === null ? '' : `CRIU ${criu}, `}Linux ${kernel}`,
          )
        : [];
    case 'files':
      return event.files.map(({ driver, trees, reason }) => `${driver} for ${trees.join(', ')}: ${reason}`);
    case 'iteration':
      return [
        `iteration ${event.number}: ${event.pages > 0 ? `${event.pages} pages, ` : ''}${sized(event.changedBytes)} of changed files, ${duration(event.roundMs)}${event.predictedFreezeMs === null ? '' : `; a freeze now would take ${duration(event.predictedFreezeMs)}`}`,
      ];
    case 'decision':
      return [event.reason];
    case 'frozen':
      return verbose ? ['the container stands still'] : [];
    case 'stopped':
      return [stopWords(event)];
    case 'left-stopped':
      return ['it is complete on the target, and stopped'];
    case 'running':
      return [`it runs on the target, after standing still for ${duration(event.freezeMs)}`];
    case 'warning':
      return [`warning: ${event.text}`];
    case 'log':
      return verbose ? [`${event.host}: ${event.text}`] : [];
    case 'undo':
      return [`undoing: ${event.name}`];
    // What only counts up is for whoever shows the latest of it.
    case 'progress':
    case 'copying':
    case 'filling':
    case 'result':
      return [];
  }
}

/** How far it is, in words; null: the event does not say. */
export function amountInWords(event: PhaulEvent): string | null {
  if (event.type === 'filling') return `${event.placed} of ${event.total} pages in place`;
  if (event.type === 'copying')
    return `${sized(event.bytes)} of files copied, ${sized(event.bytesPerSecond)}/s`;
  if (event.type !== 'progress') return null;
  const { iteration, pages, expectedPages, bytes, bytesPerSecond } = event;
  const toGo =
    expectedPages !== null && expectedPages > pages ? `, about ${expectedPages - pages} to go` : '';
  return `iteration ${iteration}: ${pages} pages (${sized(bytes)}) sent${toGo}, ${sized(bytesPerSecond)}/s`;
}

export function stopWords({ signal, killed, stopMs }: StopReport): string {
  return killed
    ? `it did not end after ${signal} and was killed after ${duration(stopMs)}`
    : `it ended after ${signal} within ${duration(stopMs)}`;
}
