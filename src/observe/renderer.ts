import type { Listener } from './emitter.ts';

/** Shows one migration to people. */
export interface Renderer {
  readonly listener: Listener;
  /** Shows a line that no event tells. */
  readonly say: (line: string) => void;
}
