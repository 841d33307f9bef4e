/** The options of a CRIU request that depend on the kind of container. Names follow CRIU's RPC (criu-proto/rpc.proto). */
export interface CommonSettings {
  /** Directory that is the container's root, seen from the host. */
  readonly root?: string;
  readonly manageCgroups?: 'ignore' | 'soft';
  /** Mounts of the container that come from outside. Dump: mount point → name; restore: name → path on the host. */
  readonly externalMounts?: readonly { readonly key: string; readonly value: string }[];
  /**
   * cgroup v1 controller name (or empty for v2) → the container's cgroup. Dump: its cgroups without processes go along, too. Restore: it takes the place of
   * the one on the source.
   */
  readonly cgroupRoots?: readonly { readonly controller: string; readonly path: string }[];
  /** CRIU's `external` strings, for instance `net[4026532281]:extRootNetNS`. */
  readonly external?: readonly string[];
}

export interface DumpSettings extends CommonSettings {
  /** Pipes of the container (`pipe:[123]`) whose other end its runtime has, and which another pipe takes the place of at the restore (`inherit`). */
  readonly pipes?: readonly string[];
}

export interface RestoreSettings extends CommonSettings {
  /** Files that the restored tree uses under a key that the dump's `external` named; opened by the core. */
  readonly inherit?: readonly {
    readonly key: string;
    readonly path: string;
    /** For what; for reading if it is not said. */
    readonly opened?: 'read' | 'write' | 'both';
  }[];
  /**
   * Where a process waits that is to become CRIU (a stand-in, src/criu/stand-in.ts), so that the restored root task is a sibling of that process instead of a
   * descendant of phaul. A path on this host.
   */
  readonly standIn?: string;
}
