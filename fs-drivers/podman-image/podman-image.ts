import type { FsDriver } from '../../src/contracts/fs-driver.ts';
import { podmanImageSource } from './source.ts';
import { podmanImageTarget } from './target.ts';

/** An image of podman's, of which only the layers travel that the target lacks. For trees that an htype gives to it; it suits no others. */
export const podmanImage: FsDriver = {
  kind: 'fs',
  name: 'podman-image',
  apiVersion: 1,
  description: "An image of podman's: only those of its layers that the target does not have",
  capabilities: { copies: true, replaces: false },
  look: () => Promise.resolve(null),
  suits: () => Promise.resolve(null),
  source: podmanImageSource,
  target: podmanImageTarget,
};
