import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { ContainerDescription } from '../../src/contracts/htype.ts';
import type { Refusal } from '../../src/errors.ts';
import type { LxcMeta } from './meta.ts';
import { lxcPath, type Place } from './place.ts';

const onTarget = (code: Refusal['code'], message: string, hint: string): Refusal[] => [
  { code, message, hint, host: 'target' },
];

/** Why the container cannot come here. */
export async function targetRefusals(
  { id, needs }: ContainerDescription,
  meta: LxcMeta,
  place: Place,
  ctx: DriverContext,
): Promise<Refusal[]> {
  return [
    ...(await installed(ctx)),
    ...(await samePath(meta)),
    ...nameFree(id, place),
    ...needs.filter((path) => !existsSync(path)).flatMap(missing),
    ...(await profileLoaded(meta)),
  ];
}

export function nameFree(id: string, { config }: Place): Refusal[] {
  if (!existsSync(config)) return [];
  const hint = `Remove it there (lxc-destroy -n ${id}), or choose another name with --dst-id.`;
  return onTarget('NAME_TAKEN', `LXC already has a container ${id}.`, hint);
}

async function installed(ctx: DriverContext): Promise<Refusal[]> {
  return ctx.run('lxc-checkpoint', ['--version']).then(
    () => [],
    () => onTarget('TOOL_MISSING', 'LXC is not installed.', 'Install LXC.'),
  );
}

async function samePath(meta: LxcMeta): Promise<Refusal[]> {
  const here = await lxcPath();
  if (here === meta.lxcPath) return [];
  const message = `LXC keeps its containers in ${here} there, and in ${meta.lxcPath} on the source.`;
  return onTarget('PATH_MISSING', message, 'Set the same lxc.lxcpath in /etc/lxc/lxc.conf on both hosts.');
}

function missing(path: string): Refusal[] {
  const message = `${path}, which the container's configuration names, does not exist.`;
  return onTarget('PATH_MISSING', message, 'Create it there first.');
}

const profiles = '/sys/kernel/security/apparmor/profiles';

async function profileLoaded({ apparmor }: LxcMeta): Promise<Refusal[]> {
  if (apparmor === null) return [];
  const loaded = await readFile(profiles, 'utf8').catch(() => '');
  if (loaded.split('\n').some((line) => line.startsWith(`${apparmor} (`))) return [];
  const message = `The container runs under the AppArmor profile ${apparmor}, which is not loaded there.`;
  const hint =
    'Load it there; or set lxc.apparmor.profile = unconfined and start the container anew; or use --mode revive.';
  return onTarget('APPARMOR_PROFILE', message, hint);
}
