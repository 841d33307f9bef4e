import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import { PhaulError } from '../../src/errors.ts';

/** A container as podman describes it to another podman. */
export interface Exported {
  readonly config: Record<string, unknown>;
  readonly spec: Record<string, unknown>;
  readonly networkStatus: unknown;
}

// What podman leaves of it in the container's own directory.
const remains = [
  'checkpoint',
  'network.status',
  'devshm-checkpoint.tar',
  'dump.log',
  'config.dump',
  'spec.dump',
];

/**
 * Has podman write down what it knows of a running container. Only `podman container checkpoint` does that, so it is asked for a checkpoint from which the
 * container runs on, with a runtime that does nothing: no process is touched.
 * @param staticDirectory podman's own of the container
 */
export async function exported(
  id: string,
  runtime: string,
  staticDirectory: string,
  ctx: Pick<DriverContext, 'run'>,
): Promise<Exported> {
  const directory = await mkdtemp(join(tmpdir(), 'phaul-podman-'));
  const [nothing, settings, archive] = ['runtime', 'containers.conf', 'archive'].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  await writeFile(nothing, '#!/bin/sh\nexit 0\n', { mode: 0o700 });
  await writeFile(settings, `[engine.runtimes]\n${JSON.stringify(runtime)} = [${JSON.stringify(nothing)}]\n`);
  try {
    const how = ['--leave-running', '--ignore-rootfs', '--ignore-volumes', '--compress', 'none'];
    const words = ['podman', 'container', 'checkpoint', ...how, '--export', archive, id];
    await ctx.run('env', [`CONTAINERS_CONF_OVERRIDE=${settings}`, ...words]);
    await ctx.run('tar', ['-C', directory, '-xf', archive, 'config.dump', 'spec.dump', 'network.status']);
    const read = async (name: string): Promise<unknown> =>
      JSON.parse(await readFile(join(directory, name), 'utf8'));
    const [config, spec, networkStatus] = await Promise.all(
      ['config.dump', 'spec.dump', 'network.status'].map(read),
    );
    if (!isObject(config) || !isObject(spec))
      throw new PhaulError('CONTAINER_UNSUPPORTED', 'podman describes the container in an unknown form.');
    return { config, spec, networkStatus };
  } finally {
    for (const name of remains) await rm(join(staticDirectory, name), { recursive: true, force: true });
    await rm(directory, { recursive: true, force: true });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
