/** What programs get that `import … from 'phaul'`: docs/library.md. */
export { check, migrate, type Run, type RunSettings } from './library/run.ts';
export type { Options } from './library/options.ts';
export { PhaulError, type ErrorDetails, type HostRole, type Refusal, type SourceState } from './errors.ts';
export type { ErrorCode } from './error-codes.ts';
export type { Act, Mode } from './acts.ts';
export {
  eventVersion,
  type ErrorReport,
  type EstimateReport,
  type FileReport,
  type Iteration,
  type PhaulEvent,
  type PlanReport,
  type StopReport,
  type Summary,
} from './observe/events.ts';
