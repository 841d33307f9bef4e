import type { Summary } from '../../src/observe/events.ts';
import type { MigrationResult } from './migrate.ts';
import type { TrafficReport } from './traffic.ts';

/** What a demonstration showed, for people. */
export function summary(
  report: TrafficReport,
  migration: MigrationResult,
  runsOn: { readonly a: boolean; readonly b: boolean },
): string {
  const hosts = Object.entries(runsOn).flatMap(([host, runs]) => (runs ? [host] : []));
  return [
    '',
    `client     ${count(report.operations)} operations on one connection, longest pause ${ms(report.longestGapMs)}`,
    `           ${report.errors.length} errors, ${report.lost} lost, ${report.doubled} doubled`,
    ...report.errors.map((error) => `           ${error}`),
    ...(migration.ok ? success(migration) : failure(migration.error)),
    `container  ct101 runs on ${hosts.join(' and ') || 'no host'}`,
  ].join('\n');
}

function success({ acts, freezeMs, pages, bytes, warnings }: Summary): string[] {
  return [
    `phaul      ${acts.map((act) => `${act.act} ${ms(act.ms)}`).join(', ')}`,
    `           frozen for ${ms(freezeMs)}; ${count(pages)} pages`,
    `           moved ${mib(bytes.mem)} of memory, ${mib(bytes.images)} of images, ${mib(bytes.fs)} of files`,
    ...warnings.map((warning) => `           warning: ${warning}`),
  ];
}

function failure({
  code,
  message,
  hint,
  sourceState,
}: Extract<MigrationResult, { ok: false }>['error']): string[] {
  return [
    `phaul      failed: ${message} (${code})`,
    ...(hint ? [`           ${hint}`] : []),
    ...(sourceState ? [`           the container on a: ${sourceState}`] : []),
  ];
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
