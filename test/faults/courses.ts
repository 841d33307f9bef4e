import type { Mode } from '../../src/acts.ts';
import { call, criu, inOrder, note, record, type Step } from './steps.ts';

/** One way in which a migration goes, and all the steps of it. */
export interface Course {
  readonly name: string;
  readonly mode: Mode;
  /** Of phaul migrate. */
  readonly args: readonly string[];
  readonly steps: readonly Step[];
}

const lazily = (fill: boolean): Step[] =>
  inOrder([
    call('hello'),
    call('survey'),
    call('check'),
    call('begin'),
    call('attach'),
    call('prepare'),
    call('arm'),
    criu('source', 'pre-dump', 'network-lock', 'query-ext-files', 'post-dump'),
    note('source', 'asked'),
    call('checkpoint', [
      record('target', 'ready'),
      criu('target', 'pre-restore', 'setup-namespaces', 'post-setup-namespaces', 'post-restore'),
    ]),
    record('source', 'handed'),
    call('commit', [
      record('target', 'committed'),
      criu('target', 'network-unlock', 'pre-resume'),
      note('target', 'running'),
      criu('target', 'post-resume'),
      record('target', 'landed'),
    ]),
    record('source', 'landed'),
    fill ? call('fill') : [],
    call('finish'),
  ]);

const revive = inOrder([
  call('hello'),
  call('survey'),
  call('check'),
  call('begin'),
  call('prepare'),
  note('source', 'asked'),
  call('ready', [record('target', 'ready')]),
  record('source', 'handed'),
  call('commit', [record('target', 'committed'), note('target', 'running'), record('target', 'landed')]),
  record('source', 'landed'),
  call('finish'),
]);

export const courses: readonly Course[] = [
  { name: 'lazy', mode: 'live', args: ['--restore', 'lazy'], steps: lazily(true) },
  { name: 'eager', mode: 'live', args: ['--restore', 'eager'], steps: lazily(false) },
  { name: 'revive', mode: 'revive', args: ['--mode', 'revive'], steps: revive },
];

/** Whether a step lies between two others of its course, these included, in the order of the table. */
export function within({ steps }: Course, step: Step, from: string, to: string, host: Step['host']): boolean {
  const at = (name: string): number => steps.findIndex((each) => each.name === name && each.host === host);
  const index = steps.indexOf(step);
  return at(from) <= index && index <= at(to);
}
