/** The acts of a migration, in their order. */
export const acts = [
  'preflight',
  'prepare',
  'iterate',
  'freeze',
  'transfer',
  'restore',
  'commit',
  'release',
  'fill',
] as const;

export type Act = (typeof acts)[number];

/** live: memory moves, the processes never notice. revive: only files move; stopped on the source, started on the target. */
export type Mode = 'live' | 'revive';
