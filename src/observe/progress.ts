import type { ErrorReport, HereReport, Listener, PhaulEvent, PlanReport, Summary } from './events.ts';

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
      return [`  ${event.act.padEnd(9)} ${milliseconds(event.actMs)}`];
    case 'iteration':
      return [
        `    iteration ${event.number}: ${event.pages} pages, ${bytes(event.fsBytes)} of files, ${milliseconds(event.roundMs)}`,
      ];
    case 'decision':
      return [`    ${event.reason}`];
    case 'frozen':
      return verbose ? ['    the container stands still'] : [];
    case 'running':
      return [`    it runs on the target, after standing still for ${milliseconds(event.freezeMs)}`];
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
  const { bytes: moved } = result;
  return [
    `${result.container} runs on ${result.target} (pid ${result.pid} there). It stood still for ${milliseconds(result.freezeMs)}.`,
    `Moved: ${result.pages} pages (${bytes(moved.mem)}), ${bytes(moved.images)} of images, ${bytes(moved.fs)} of files.`,
  ];
}

function plan(found: PlanReport): string[] {
  const memory = `${bytes(found.memory)} of memory${found.preDump ? ', in iterations' : ', all of it in the freeze'}`;
  return [
    `Nothing refuses this migration to ${found.target}.`,
    `It would move ${memory}; files by ${found.fs}: ${found.trees.join(', ') || 'none'}; devices: ${found.devices.join(', ') || 'none'}.`,
  ];
}

function here(found: HereReport): string[] {
  const memory = found.preDump
    ? 'can move memory in iterations'
    : 'does not track written memory: all of it moves in the freeze';
  return [
    `Nothing here refuses a migration${found.container === null ? '' : ` of ${found.container}`}.`,
    `CRIU ${found.criu}; this kernel ${memory}.`,
  ];
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

function milliseconds(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), units.length - 1);
  return `${(count / 2 ** (10 * power)).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
