import type { PhaulError } from '../errors.ts';

/** How a run ended. Its last event says the same in a form that can be written down. */
export type Ended<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: PhaulError };
