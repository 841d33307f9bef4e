import { existsSync } from 'node:fs';
import type { HType } from '../../src/contracts/htype.ts';
import { run } from '../../src/run.ts';
import { podmanSource } from './source.ts';
import { podmanTarget } from './target.ts';

/** Containers of podman, run by root, with runc or crun as its runtime. */
export const podman: HType = {
  kind: 'htype',
  name: 'podman',
  apiVersion: 1,
  description: "Containers of podman's, started by root and run by runc or crun",
  capabilities: { live: true, preDump: true, revive: true },
  programs: [
    ['podman', '--version'],
    ['runc', '--version'],
    ['crun', '--version'],
  ],
  knows: async (name) => (await names()).includes(name),
  list: names,
  source: podmanSource,
  target: podmanTarget,
};

async function names(): Promise<string[]> {
  // Where podman has not run since boot nothing of it runs; and it would make its directories now.
  if (!existsSync('/run/libpod')) return [];
  const text = await run('podman', ['ps', '--all', '--format', '{{.Names}}']).catch(() => '');
  return text.split('\n').filter(Boolean);
}
