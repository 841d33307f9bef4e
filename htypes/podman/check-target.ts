import { access } from 'node:fs/promises';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { ContainerDescription } from '../../src/contracts/htype.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import { asPhaulError, type Refusal } from '../../src/errors.ts';
import { withoutSystemd } from '../oci/systemd.ts';
import { succeeds } from './import.ts';
import { podmanHost } from './inspect.ts';
import type { PodmanMeta } from './meta.ts';
import { publishedTaken } from './published.ts';

/** Why this host's podman cannot take the container. Changes nothing. */
export async function podmanTargetRefusals(
  { id: name, needs }: ContainerDescription,
  meta: PodmanMeta,
  ctx: DriverContext,
): Promise<Refusal[]> {
  const refuse = (code: ErrorCode, message: string, hint: string): Refusal => ({
    code,
    message,
    hint,
    host: 'target',
  });
  const host = await podmanHost(ctx).catch((error: unknown) => asPhaulError(error));
  if (host instanceof Error)
    return [
      refuse(host.code, `podman on the target does not work: ${host.message}`, 'Install podman there.'),
    ];
  const { store, version } = host;
  const refusals: Refusal[] = [];
  if (
    store.graphRoot !== meta.graphRoot ||
    store.runRoot !== meta.runRoot ||
    store.graphDriverName !== 'overlay'
  )
    refusals.push(
      refuse(
        'CONTAINER_UNSUPPORTED',
        `podman on the target keeps its containers elsewhere (${store.graphDriverName} in ${store.graphRoot} and ${store.runRoot}, here overlay in ${meta.graphRoot} and ${meta.runRoot}).`,
        'Let storage.conf say the same on both hosts.',
      ),
    );
  const [major] = version.Version.split('.');
  if (major !== meta.version.split('.')[0])
    refusals.push(
      refuse(
        'CONTAINER_UNSUPPORTED',
        `podman is ${version.Version} on the target and ${meta.version} here, whose containers may differ.`,
        'Install the same major version on both hosts.',
      ),
    );
  const { runtime } = meta.config;
  // podman knows a runtime by its settings, and only if the program is there.
  if (!(await succeeds(ctx, '--runtime', runtime, 'info')))
    refusals.push(
      refuse(
        'TOOL_MISSING',
        `podman on the target cannot run containers with ${runtime}, which runs this one here.`,
        `Install ${runtime} there.`,
      ),
    );
  refusals.push(
    ...withoutSystemd(name, meta.systemd),
    ...(await nameTaken(name, meta, ctx)),
    ...(await publishedTaken(meta)),
  );
  for (const network of meta.networks)
    if (!(await succeeds(ctx, 'network', 'exists', network)))
      refusals.push(
        refuse(
          'NETWORK_UNSUPPORTED',
          `podman on the target has no network ${network}.`,
          `Make it there as it is here (podman network create ${network}).`,
        ),
      );
  for (const path of needs)
    await access(path).catch(() =>
      refusals.push(
        refuse(
          'PATH_MISSING',
          `${path}, which is mounted into the container, does not exist.`,
          'Create it there first.',
        ),
      ),
    );
  return refusals;
}

export async function nameTaken(name: string, { id }: PodmanMeta, ctx: DriverContext): Promise<Refusal[]> {
  const taken: Refusal[] = [];
  for (const each of new Set([name, id]))
    if (await succeeds(ctx, 'container', 'exists', each))
      taken.push({
        code: 'NAME_TAKEN',
        message: `podman already has a container ${each}.`,
        hint: `Remove it there (podman rm ${each}), or choose another name with --dst-id.`,
        host: 'target',
      });
  return taken;
}
