import type { LiveSource } from '../../src/contracts/htype.ts';
import { externalNetwork } from '../../src/linux/processes.ts';
import { type Terminal, terminalsLeft } from '../common/terminals.ts';
import { dumpMounts } from './mounts.ts';
import { freezerOf, type OciState } from './runtime.ts';

/** How a container that an OCI runtime runs is frozen and dumped. @param terminals whose other ends somebody outside has */
export async function ociLive(
  state: OciState,
  terminals: readonly Terminal[] = [],
): Promise<Required<Pick<LiveSource, 'cgroup' | 'dump'>>> {
  const { networkNamespace: network } = state;
  const left = terminalsLeft(terminals);
  return {
    cgroup: freezerOf(state),
    dump: {
      root: state.rootfs,
      manageCgroups: 'soft',
      externalMounts: [...(await dumpMounts(state)), ...left.externalMounts],
      external: [...(network === null ? [] : [await externalNetwork(network)]), ...left.external],
    },
  };
}
