/** `phaul/driver`: what a driver from elsewhere is written against. See docs/write-a-driver.md. */
export type * from './contracts/context.ts';
export type * from './contracts/criu-settings.ts';
export type * from './contracts/device.ts';
export type * from './contracts/driver.ts';
export type * from './contracts/fs-driver.ts';
export type * from './contracts/htype.ts';
export { beside, isPlainPath } from './contracts/paths.ts';
export type { Mode } from './acts.ts';
export type { ErrorCode } from './error-codes.ts';
export { PhaulError, type Refusal } from './errors.ts';
