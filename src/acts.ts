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
] as const;

export type Act = (typeof acts)[number];
