import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { HType } from '../../src/contracts/htype.ts';
import { lxcPath, placeOf } from './place.ts';
import { lxcSource } from './source.ts';
import { lxcTarget } from './target.ts';

/** Containers of LXC, made with lxc-create or by hand. */
export const lxc: HType = {
  kind: 'htype',
  name: 'lxc',
  apiVersion: 1,
  description: "Containers of LXC, found by name among LXC's own",
  programs: [['lxc-start', '--version']],
  capabilities: { live: true, preDump: true, revive: true },
  knows: async (name) => existsSync(placeOf(await lxcPath(), name).config),
  list: async () => {
    const path = await lxcPath();
    const names = await readdir(path).catch(() => []);
    return names.filter((name) => existsSync(placeOf(path, name).config));
  },
  source: lxcSource,
  target: lxcTarget,
};
