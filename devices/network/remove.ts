import { existsSync, readFileSync } from 'node:fs';
import type { DriverContext } from '../../src/contracts/context.ts';

/** Removes a link of this host's, if it is there. Also while the migration is being aborted. */
export const removeLink = (name: string, ctx: DriverContext): Promise<void> =>
  remove(['link', 'delete', 'dev', name], ctx, () =>
    readFileSync('/proc/net/dev', 'utf8')
      .split('\n')
      .some((line) => line.trimStart().startsWith(`${name}:`)),
  );

/** Removes a named network namespace, if it is there. Also while the migration is being aborted. */
export const removeNamespace = (name: string, ctx: DriverContext): Promise<void> =>
  remove(['netns', 'delete', name], ctx, () => existsSync(`/run/netns/${name}`));

/** It may be going already: the kernel removes a link with its namespace, and LXC's monitor the links of a container that has ended. */
async function remove(command: readonly string[], ctx: DriverContext, isThere: () => boolean): Promise<void> {
  if (!isThere()) return;
  await ctx.run('ip', command, { abortable: false }).catch((error: unknown) => {
    if (isThere()) throw error;
  });
}
