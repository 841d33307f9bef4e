/** The hosts of a lab made of virtual machines. */
export const vmNames = ['a', 'b'] as const;
export type VmName = (typeof vmNames)[number];

/** One virtual machine, running or not. */
export interface Machine {
  /** The lab it belongs to, by the name that its cgroups have. */
  readonly lab: string;
  readonly name: VmName;
  /** Directory of what it is made from (see image.ts): kernel, initrd, key to its sshd, the state to begin with. */
  readonly image: string;
  /** Directory of what is its own: NAME.qcow2 (its disk), project.img, and while it runs its sockets and logs. */
  readonly directory: string;
}
