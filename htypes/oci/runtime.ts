import { PhaulError } from '../../src/errors.ts';

export interface BindMount {
  readonly source: string;
  readonly destination: string;
  readonly readOnly: boolean;
}

/** What a runtime's own state says of a container, whichever runtime it is. */
export interface OciState {
  readonly id: string;
  /** Its first process, and when that was born (linux/processes.ts, processStart). */
  readonly pid: number;
  readonly born: string;
  readonly bundle: string;
  readonly rootfs: string;
  readonly binds: readonly BindMount[];
  /** Where the bundle names one; null where the runtime makes one of its own. */
  readonly networkNamespace: string | null;
  readonly maskedPaths: readonly string[];
  /** Its cgroups, by the controller; of cgroup v2 the only one, by no name. */
  readonly cgroups: Readonly<Record<string, string>>;
  /** Whether it sees its cgroups as the host does. With a cgroup namespace CRIU mounts them itself. */
  readonly showsCgroups: boolean;
  /** What its standard files were when it was created. */
  readonly standardFiles: readonly string[];
  /** Its cgroup is a scope of systemd's. */
  readonly systemd: boolean;
  /** podman made it, under a name of podman's. */
  readonly byPodman: boolean;
}

/** An OCI runtime, as far as phaul goes past its commands: what these say and do is the same for all. */
export interface OciRuntime {
  /** The command's name, too. */
  readonly name: 'runc' | 'crun';
  /** Where it keeps its containers, for the superuser. A container that is created but does not run yet has an `exec.fifo` in its directory there. */
  readonly root: string;
  /** The file in a container's directory that makes it one. */
  readonly stateFile: string;
  /** @throws CONTAINER_UNKNOWN if there is none, CONTAINER_UNSUPPORTED if this release's form is not understood */
  readonly readState: (id: string) => Promise<OciState>;
  /** Puts another process in the place of the container's first. */
  readonly putProcess: (id: string, pid: number) => Promise<void>;
}

export const stateDirectory = ({ root }: OciRuntime, id: string): string => `${root}/${id}`;

/** Its cgroup of version 2. */
export const unifiedOf = ({ cgroups }: OciState): string | null => cgroups[''] ?? null;

/** The cgroup by which all of it can be frozen. */
export const freezerOf = ({ cgroups }: OciState): string | null => cgroups['freezer'] ?? cgroups[''] ?? null;

export function unknownContainer(runtime: string, id: string, cause: unknown): PhaulError {
  return new PhaulError('CONTAINER_UNKNOWN', `${runtime} knows no container ${id}.`, { cause });
}

export function unknownForm(runtime: string, id: string, cause: unknown): PhaulError {
  const message = `The state that this ${runtime} keeps of ${id} is of an unknown form.`;
  return new PhaulError('CONTAINER_UNSUPPORTED', message, { cause });
}
