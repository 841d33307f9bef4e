import type { Mode } from '../../src/acts.ts';
import { call, callAgain, criu, deed, note, type Part, record } from './steps.ts';

// The protocol as a table: what comes after what. A new message, state or notification of CRIU's that is missing here fails the tests.

/** While the container runs on the source. */
export const preparing = (mode: Mode): Part => [
  call('hello'),
  call('survey'),
  call('check'),
  call('begin'),
  mode === 'live' ? call('attach') : [],
  call('prepare'),
  mode === 'live' ? call('arm') : [],
];

const letGo: readonly Part[] = [
  record('target', 'committed'),
  note('target', 'running'),
  criu('target', 'network-unlock', 'pre-resume', 'post-resume'),
  record('target', 'landed'),
];

/** Live mode, while it stands still. */
export const deciding: Part = [
  criu('source', 'pre-dump', 'network-lock', 'query-ext-files', 'post-dump'),
  record('source', 'asked'),
  call('checkpoint', [
    record('target', 'ready'),
    criu('target', 'pre-restore', 'setup-namespaces', 'post-setup-namespaces', 'post-restore'),
  ]),
  record('source', 'handed'),
  call('commit', letGo),
];

/** When it runs on the target. */
export const settling = ({ fill }: { fill: boolean }): Part => [
  record('source', 'landed'),
  deed('source', 'releases', 'has released'),
  fill ? call('fill') : [],
  call('finish'),
];

/** Revive mode, up to the moment at which it is stopped. */
const stopping: Part = [
  preparing('revive'),
  deed('source', 'stops', 'has stopped'),
  record('source', 'asked'),
];

/** Revive mode, from the last files on. */
const starting: Part = [
  call('ready', [record('target', 'ready')]),
  record('source', 'handed'),
  call('commit', [record('target', 'committed'), note('target', 'running'), record('target', 'landed')]),
  settling({ fill: false }),
];

/** Revive mode, all of it. */
export const revivingSteps: Part = [stopping, starting];

/** Revive mode with a device that one host only may use: the source lets it go for good before the target takes it. */
export const takingOver: Part = [
  stopping,
  call('standBy', [record('target', 'standby')]),
  record('source', 'handed'),
  call('takeOver'),
  starting,
];

/** Live mode, after the connection has broken at the commit. */
export const resuming: Part = [
  call('hello'),
  call('resume'),
  callAgain('commit', letGo),
  record('source', 'landed'),
  deed('source', 'releases', 'has released'),
  callAgain('fill'),
  callAgain('finish'),
];

/** Live mode, after phaul on the source was killed when it had handed the container over: what `phaul recover` does. */
export const recovering: Part = [
  call('hello', [], 'recover'),
  call('resume', [], 'recover'),
  callAgain('abort', [record('target', 'undone')], 'recover'),
  record('source', 'undone', 'recover'),
  callAgain('finish', [], 'recover'),
];
