import type { Lab } from '../lab/lab.ts';
import type { VmLab } from '../lab/vm/vm-lab.ts';

/** One measurement. */
export interface Sample {
  readonly value: number;
  /** Its parts, for the table: `source 60, target 58`. */
  readonly parts?: Readonly<Record<string, number>>;
}

/** Something that is measured in a lab of kind `L`. Less is better, unless the unit is a rate. */
export interface Measured<L> {
  readonly name: string;
  readonly unit: string;
  /** That of the samples' parts, if it is another. */
  readonly partsUnit?: string;
  /** One line for people. */
  readonly description: string;
  /** Makes what all measurements share and what goes with the lab; once, before the first. */
  readonly prepare?: (lab: L) => Promise<void>;
  /** One migration by phaul, with all that it needs. Leaves the lab as it was. @throws if it did not go as promised */
  readonly phaul: (lab: L) => Promise<Sample>;
  /** The same by the rival. */
  readonly rival?: (lab: L) => Promise<Sample>;
}

/** In a lab made of namespaces. */
export interface Benchmark extends Measured<Lab> {
  readonly lab?: 'namespaces';
}

/** In one of virtual machines, for what needs a kernel that tracks written memory. A run takes minutes, so nothing warms up. */
export interface VmBenchmark extends Measured<VmLab> {
  readonly lab: 'vm';
}
