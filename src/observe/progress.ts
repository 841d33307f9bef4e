import { duration, sized } from './amounts.ts';
import type { Listener } from './emitter.ts';
import type { ErrorReport, HereReport, PhaulEvent, PlanReport, StopReport, Summary } from './events.ts';

const states = {
  running: 'runs on the source as before',
  frozen: 'is held frozen on the source',
  stopped: 'is stopped on the source',
  gone: 'runs on the target',
  unknown: 'is in a state that phaul does not know',
} as const;

/** What happens, in plain lines as it happens, and a summary at the end. */
export function progressLines(
  write: (line: string) => void,
  { verbose }: { readonly verbose: boolean },
): Listener {
  return (event) => {
    for (const line of linesOf(event, verbose)) write(`${plain(line)}\n`);
  };
}

/** Some of the text comes from the other host: it must neither steer the terminal nor look like lines of our own. */
function plain(line: string): string {
  return line.replaceAll(/\p{Cc}+/gu, ' ');
}

function linesOf(event: PhaulEvent, verbose: boolean): string[] {
  switch (event.type) {
    case 'start':
      return [`${event.container} → ${event.target} (${event.mode})`];
    case 'act-begin':
      return verbose ? [`  ${event.act} …`] : [];
    case 'act-end':
      return [`  ${event.act.padEnd(9)} ${duration(event.actMs)}`];
    case 'files':
      return event.files.map(
        ({ driver, trees, reason }) => `    ${driver} for ${trees.join(', ')}: ${reason}`,
      );
    case 'progress':
      return verbose ? [`    ${event.pages} pages of iteration ${event.iteration} are on their way`] : [];
    case 'iteration':
      return [
        `    iteration ${event.number}: ${event.pages > 0 ? `${event.pages} pages, ` : ''}${sized(event.changedBytes)} of changed files, ${duration(event.roundMs)}${event.predictedFreezeMs === null ? '' : `; a freeze now would take ${duration(event.predictedFreezeMs)}`}`,
      ];
    case 'decision':
      return [`    ${event.reason}`];
    case 'frozen':
      return verbose ? ['    the container stands still'] : [];
    case 'stopped':
      return [`    ${stopWords(event)}`];
    case 'left-stopped':
      return ['    it is complete on the target, and stopped'];
    case 'running':
      return [`    it runs on the target, after standing still for ${duration(event.freezeMs)}`];
    case 'filling':
      return verbose ? [`    ${event.placed} of ${event.total} pages are in place`] : [];
    case 'warning':
      return [`    warning: ${event.text}`];
    case 'log':
      return verbose ? [`    ${event.host}: ${event.text}`] : [];
    case 'undo':
      return [`  undoing: ${event.name}`];
    case 'result':
      if (!event.ok) return failure(event.error);
      if ('plan' in event) return plan(event.plan);
      return 'here' in event ? here(event.here) : summary(event);
  }
}

function summary(result: Summary): string[] {
  const { bytes, container, target } = result;
  if (result.stop === null)
    return [
      `${container} runs on ${target} (pid ${result.pid} there). It stood still for ${duration(result.freezeMs)}${result.predictedFreezeMs === null ? '' : ` (expected: ${duration(result.predictedFreezeMs)})`}.`,
      `Moved: ${result.pages} pages (${sized(bytes.mem)}), ${sized(bytes.images)} of images, ${sized(bytes.fs)} of files.`,
    ];
  const rounds = result.iterations.map(({ fsBytes }) => sized(fsBytes)).join(', ') || 'none';
  return [
    result.pid === null
      ? `${container} is complete on ${target} and stopped there. Start it there with: ${result.startWith}`
      : `${container} runs on ${target} (pid ${result.pid} there). From its end here to its start there: ${duration(result.freezeMs)}.`,
    `On the source: ${stopWords(result.stop)}.`,
    `Moved: ${sized(bytes.fs)} of files (first copy ${sized(bytes.firstCopy)}; iterations ${rounds}; while it was stopped ${sized(bytes.lastSync)}).`,
  ];
}

function stopWords({ signal, killed, stopMs }: StopReport): string {
  return killed
    ? `it did not end after ${signal} and was killed after ${duration(stopMs)}`
    : `it ended after ${signal} within ${duration(stopMs)}`;
}

function plan(found: PlanReport): string[] {
  const memory =
    found.mode === 'live'
      ? `${sized(found.memory)} of memory${found.preDump ? ', in iterations' : ', all of it in the freeze'}; `
      : '';
  const files = found.files.map(({ driver, trees }) => `${trees.join(', ')} by ${driver}`).join('; ');
  return [
    `Nothing refuses this migration to ${found.target}.`,
    `It would move ${memory}files: ${files || 'none'}; devices: ${found.devices.join(', ') || 'none'}.`,
  ];
}

function here(found: HereReport): string[] {
  const fine = `Nothing here refuses a migration${found.container === null ? '' : ` of ${found.container}`}.`;
  if (found.criu === null) return [fine];
  const memory = found.preDump
    ? 'can move memory in iterations'
    : 'does not track written memory: all of it moves in the freeze';
  return [fine, `CRIU ${found.criu}; this kernel ${memory}.`];
}

function failure(error: ErrorReport): string[] {
  const refusals = error.refusals ?? [];
  const reasons =
    refusals.length > 1
      ? refusals.flatMap(({ code, message, hint, host }) => [`${code} (${host}): ${message}`, `  ${hint}`])
      : [
          `${error.code}: ${error.message}`,
          ...(error.logLine ? [`  ${error.logLine}`] : []),
          `  ${error.hint}`,
        ];
  return [
    ...reasons,
    ...(error.logFile ? [`  The whole log: ${error.logFile} on the ${error.host ?? 'source'}.`] : []),
    ...(error.notUndone ?? []).map((what) => `  Not undone: ${what}`),
    ...(error.sourceState === 'unknown' ? [] : [`The container ${states[error.sourceState]}.`]),
  ];
}
