import { duration, sized } from './amounts.ts';
import type { Course } from './course.ts';
import type { ErrorReport, HereReport, HostReport, PlanReport, ResultEvent } from './events.ts';
import { driverReleases } from './driver-releases.ts';
import { refusalLines } from './refusal-lines.ts';
import { summaryLines } from './summary-lines.ts';

const states = {
  running: 'runs on the source as before',
  frozen: 'is held frozen on the source',
  stopped: 'is stopped on the source',
  gone: 'runs on the target',
  unknown: 'is in a state that phaul does not know',
} as const;

/** The result, for people. */
export function ending(event: ResultEvent, course: Course): string[] {
  if (!event.ok) return failureLines(event.error);
  if ('plan' in event) return plan(event.plan);
  if ('text' in event) return event.text.split('\n');
  return 'here' in event ? here(event.here) : summaryLines(event, course, event.ms);
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
    ...estimateLines(found),
    ...(['source', 'target'] as const).map((role) => hostLine(role, found.hosts[role])),
  ];
}

function estimateLines({ estimate, mode }: PlanReport): string[] {
  const { files, bytesPerSecond, writtenPerSecond, writtenAtLeast, totalMs, freezeMs } = estimate;
  const rewritten =
    writtenPerSecond === null
      ? ''
      : `, while it writes ${writtenAtLeast ? 'at least ' : ''}${sized(writtenPerSecond)} of its memory in a second`;
  if (files === null || bytesPerSecond === null || totalMs === null)
    return ['How long it would take cannot be told: files or link could not be measured.'];
  const still = freezeMs === null ? '' : `, and it would stand still for ${duration(freezeMs)} of it`;
  const what = mode === 'live' ? 'it would take' : 'the first copy would take';
  return [
    `At most ${sized(files)} of files, over a link of ${sized(bytesPerSecond)}/s${rewritten}: ${what} about ${duration(totalMs)}${still}.`,
  ];
}

function hostLine(role: string, host: HostReport): string {
  const { name, phaul, kernel, criu, memTrack, lazyPages, plug } = host;
  const releases = [
    ...(phaul === null ? [] : [`phaul ${phaul}`]),
    `kernel ${kernel}`,
    ...(criu === null ? [] : [`CRIU ${criu}`]),
    ...driverReleases(host),
  ];
  if (criu === null) return `The ${role}, ${name}: ${releases.join(', ')}.`;
  const able = [
    [memTrack, 'memory in iterations'],
    [lazyPages, 'lazy restore'],
    [plug, 'sch_plug'],
  ] as const;
  const named = (has: boolean): string =>
    able.flatMap(([there, what]) => (there === has ? [what] : [])).join(', ') || 'nothing';
  return `The ${role}, ${name}: ${releases.join(', ')}; it has ${named(true)}, and lacks ${named(false)}.`;
}

function here(found: HereReport): string[] {
  const fine = `Nothing here refuses a migration${found.container === null ? '' : ` of ${found.container}`}.`;
  if (found.criu === null) return [fine];
  const memory = found.preDump
    ? 'can move memory in iterations'
    : 'does not track written memory: all of it moves in the freeze';
  return [fine, `CRIU ${found.criu}; this kernel ${memory}.`];
}

/** What went wrong, and what to do. */
export function failureLines(error: ErrorReport): string[] {
  const refusals = error.refusals ?? [];
  const reasons =
    refusals.length > 1
      ? refusalLines(refusals)
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
