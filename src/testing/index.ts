/** `phaul/testing`: the examination that every driver must pass, for authors of drivers. See docs/write-a-driver.md. */
export type { Check, Scene } from './check.ts';
export { type Bench, deviceChecks } from './device.ts';
export { fsDriverChecks } from './fs-driver.ts';
export type { Ground, Sealed } from './fs-stage.ts';
export { htypeChecks, htypeChecksAlone } from './htype.ts';
export type { Kennel } from './kennel.ts';
