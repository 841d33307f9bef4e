import type {
  ContainerDescription,
  HTypeOptions,
  SourceContainer,
  TargetContainer,
} from '../contracts/htype.ts';
import type { Check, Scene } from './check.ts';

/** What the examination needs of a host on which a container of that kind runs. */
export interface Kennel {
  /** A running container. */
  readonly name: string;
  readonly options: HTypeOptions;
  /** Whether the container runs, and is not held. */
  readonly runs: () => boolean;
  /** All that the target's half could leave behind. */
  readonly footprint: () => unknown;
  /** Members of the description's `meta` that the target's half gives to the container's own tool as they are: that judges what is in them. */
  readonly opaque?: readonly string[];
  /** The pid of a process that plays the restored root task. */
  readonly restored: number;
}

/** A kennel with both halves, as the core has them. */
export interface Staged extends Kennel {
  readonly source: SourceContainer;
  readonly target: (description?: ContainerDescription) => TargetContainer;
}

/** A check that begins with a kennel of its own. */
export type StagedCheck = (name: string, exec: (scene: Scene, stage: Staged) => Promise<void>) => Check;
