import type { Mode } from '../../src/acts.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import type { Refusal } from '../../src/errors.ts';
import type { Inspected } from './inspect.ts';

/** Why a container of podman's cannot leave, as far as podman itself tells. What its processes hold, phaul looks at for every htype. */
export function podmanRefusals(found: Inspected, mode: Mode): Refusal[] {
  const { Name: name, HostConfig: host } = found;
  const live = mode === 'live';
  const unit = found.Config.Labels?.['PODMAN_SYSTEMD_UNIT'];
  const network = host.NetworkMode;
  const foreign = found.Mounts.find(({ Type }) => !['bind', 'volume', 'tmpfs'].includes(Type));
  const driven = found.Mounts.find(({ Type, Driver }) => Type === 'volume' && Driver !== 'local');
  const refusals: (false | readonly [ErrorCode, string, string])[] = [
    (found.Pod !== '' || found.IsInfra) && [
      'CONTAINER_UNSUPPORTED',
      `${name} is part of a pod, which would have to move as a whole.`,
      'Make it anew outside of the pod.',
    ],
    unit !== undefined && [
      'CONTAINER_UNSUPPORTED',
      `${name} is kept by the systemd unit ${unit}, which would start it again here.`,
      'Move the unit by hand: stop it here, copy it, and start it on the target.',
    ],
    foreign !== undefined && [
      'CONTAINER_UNSUPPORTED',
      `${name} has something of the type ${foreign?.Type} mounted at ${foreign?.Destination}, which phaul does not move.`,
      'Use a volume or a bind mount instead.',
    ],
    driven !== undefined && [
      'CONTAINER_UNSUPPORTED',
      `The volume ${driven?.Name} is kept by the volume driver ${driven?.Driver}, which phaul does not know.`,
      'Use a local volume.',
    ],
    !live &&
      host.AutoRemove && [
        'CONTAINER_UNSUPPORTED',
        `${name} is removed when it ends (--rm), so it could not be started again if the migration fails.`,
        'Move it in live mode, or make it anew without --rm.',
      ],
    live &&
      host.Privileged && [
        'CONTAINER_UNSUPPORTED',
        `${name} is privileged: it may use any device of this host, and CRIU cannot move that.`,
        'Give it the capabilities and devices that it needs, or move it with --mode revive.',
      ],
    live &&
      !['', 'host'].includes(host.UsernsMode) && [
        'USER_NAMESPACE',
        `${name} has a user namespace (--userns ${host.UsernsMode}), which phaul does not move for podman.`,
        'Make it anew without --userns, or move it with --mode revive.',
      ],
    live &&
      network === 'host' && [
        'HOST_NETWORK',
        `${name} lives in the host's own network (--network host), whose addresses stay here.`,
        'Give it a network of its own, or move it with --mode revive.',
      ],
    live &&
      host.PidMode === 'host' && [
        'CONTAINER_UNSUPPORTED',
        `${name} lives among the host's processes (--pid host), and its process ids may be taken on the target.`,
        'Give it a PID namespace of its own, or move it with --mode revive.',
      ],
  ];
  return refusals.flatMap((refusal) =>
    refusal ? [{ code: refusal[0], message: refusal[1], hint: refusal[2], host: 'source' as const }] : [],
  );
}
