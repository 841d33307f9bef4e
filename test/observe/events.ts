import type { Happening, PhaulEvent, Summary } from '../../src/observe/events.ts';

/** The same happening as an event of a migration. */
export function event(what: Happening, host: 'source' | 'target' = 'source'): PhaulEvent {
  const stamp = { version: 1, migration: 'aaaaaaaa', time: '2026-01-02T03:04:05.678Z', ms: 12.3, host };
  return { act: null, ...what, ...stamp } as PhaulEvent;
}

export const round = {
  type: 'iteration',
  number: 2,
  pages: 900,
  skippedPages: 1,
  fsBytes: 2048,
  changedBytes: 1536,
  files: 2,
  roundMs: 12_345,
  dumpMs: 9000,
  filesMs: 300,
  predictedFreezeMs: null,
} as const;

export const summary: Summary = {
  container: 'ct101',
  source: 'hosta',
  target: 'hostb',
  mode: 'live',
  htype: 'runc',
  files: [{ driver: 'rsync', trees: ['/srv/ct101'], reason: 'nothing quicker suits both hosts' }],
  acts: [{ act: 'preflight', ms: 100 }],
  stop: null,
  freezeMs: 153.4,
  predictedFreezeMs: null,
  iterations: [],
  pages: 2048,
  bytes: { mem: 2048 * 4096, images: 300_000, fs: 12, firstCopy: 10, lastSync: 2 },
  fill: null,
  pid: 4711,
  startWith: null,
  warnings: [],
};
