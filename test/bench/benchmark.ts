import type { Lab } from '../lab/lab.ts';

/** One measurement. */
export interface Sample {
  readonly value: number;
  /** Its parts, for the table: `source 60, target 58`. */
  readonly parts?: Readonly<Record<string, number>>;
}

/** Something that is measured in a lab. Less is better, unless the unit is a rate. */
export interface Benchmark {
  readonly name: string;
  readonly unit: string;
  /** One line for people. */
  readonly description: string;
  /** Makes what all measurements share and what goes with the lab; once, before the first. */
  readonly prepare?: (lab: Lab) => Promise<void>;
  /** One migration by phaul, with all that it needs. Leaves the lab as it was. @throws if it did not go as promised */
  readonly phaul: (lab: Lab) => Promise<Sample>;
  /** The same by the rival. */
  readonly rival?: (lab: Lab) => Promise<Sample>;
}
