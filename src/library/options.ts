import * as z from 'zod';
import { PhaulError } from '../errors.ts';
import { defaults } from '../migration/defaults.ts';
import type { MigrateOptions } from '../migration/options.ts';
import { validOptions } from '../migration/valid-options.ts';

/** What is to be moved, and how. Only `container` and `destination` have to be said. */
export type Options = Pick<MigrateOptions, 'container' | 'destination'> & {
  readonly [K in keyof MigrateOptions]?: MigrateOptions[K] | undefined;
};

// TypeScript sees to most of this; programs in JavaScript get to know it here.
const schema: z.ZodType<MigrateOptions> = z.strictObject({
  container: z.string().min(1),
  destination: z.string().min(1),
  mode: z.enum(['live', 'revive']).default(defaults.mode),
  type: z.string().optional(),
  fs: z.string().optional(),
  targetId: z.string().optional(),
  keepImages: z.boolean().default(defaults.keepImages),
  imagePath: z.string().optional(),
  force: z.boolean().default(defaults.force),
  skipCpuCheck: z.boolean().default(defaults.skipCpuCheck),
  skipCriuCheck: z.boolean().default(defaults.skipCriuCheck),
  shellJob: z.boolean().default(defaults.shellJob),
  preDump: z.boolean().optional(),
  data: z.enum(['auto', 'ssh', 'direct']).default(defaults.data),
  dataPort: z.number().default(defaults.dataPort),
  compress: z.enum(['auto', 'none', 'zstd']).default(defaults.compress),
  bandwidthLimit: z.number().nullable().default(defaults.bandwidthLimit),
  downtimeLimit: z.number().default(defaults.downtimeLimit),
  onNoConvergence: z.enum(['go', 'fail']).default(defaults.onNoConvergence),
  maxIterations: z.number().default(defaults.maxIterations),
  maxGrowth: z.number().default(defaults.maxGrowth),
  enough: z.number().default(defaults.enough),
  stopTimeout: z.number().default(defaults.stopTimeout),
  start: z.boolean().default(defaults.start),
  restore: z.enum(['eager', 'lazy']).optional(),
  tcp: z.boolean().default(defaults.tcp),
  pidRoot: z.string().optional(),
  targetPidFile: z.string().optional(),
  criuPath: z.string().default(defaults.criuPath),
  timeout: z.number().default(defaults.timeout),
  acceptNewHostKey: z.boolean().default(defaults.acceptNewHostKey),
});

/** The options with all that was left out. @throws USAGE */
export function completed(options: Options): MigrateOptions {
  const { data, error } = schema.safeParse(options);
  if (data) return validOptions(data, (option) => option);
  const [issue] = error.issues;
  const where = issue?.path.join('.');
  throw new PhaulError('USAGE', `${where ? `${where}: ` : ''}${issue?.message}.`, {
    hint: 'docs/library.md has the options.',
  });
}
