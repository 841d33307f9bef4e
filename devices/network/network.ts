import type { DeviceDriver } from '../../src/contracts/device.ts';
import { networkSource } from './source.ts';
import { networkTarget } from './target.ts';

/** A network namespace that has a name, and the veth pairs that connect it to the host. */
export const network: DeviceDriver = {
  kind: 'device',
  name: 'network',
  apiVersion: 1,
  description: "The container's named network namespace and its veth pairs, bridged or routed",
  capabilities: { takeOver: false },
  programs: [['ip', '-Version']],
  source: networkSource,
  target: networkTarget,
};
