import type { DriverContext } from '../../src/contracts/context.ts';

/** What LXC says of a container. */
export interface Info {
  /** `RUNNING`, `STOPPED`, `STOPPING`, `FROZEN`, …; null: LXC does not know it. */
  readonly state: string | null;
  /** Of its first process. */
  readonly pid: number | null;
  /** The names of its links on the host, those of veth pairs, by the number of the network. */
  readonly links: readonly string[];
}

/** @throws TOOL_MISSING */
export async function askLxc(name: string, ctx: DriverContext): Promise<Info> {
  const { stdout } = await ctx.attempt('lxc-info', ['-n', name, '-s', '-p', '-S'], { abortable: false });
  const pid = /^PID:\s+(\d+)$/m.exec(stdout)?.[1];
  return {
    state: /^State:\s+(\w+)$/m.exec(stdout)?.[1] ?? null,
    pid: pid === undefined ? null : Number(pid),
    links: [...stdout.matchAll(/^Link:\s+(\S+)$/gm)].map(([, link = '']) => link),
  };
}

/** Waits until LXC has done all that it does when a container has ended. @returns whether that came about in time */
export async function ends(name: string, seconds: number, ctx: DriverContext): Promise<boolean> {
  const args = ['-n', name, '-s', 'STOPPED', '-t', String(seconds)];
  const { exitCode } = await ctx.attempt('lxc-wait', args, { abortable: false });
  return exitCode === 0;
}
