import type { Scene } from './scene.ts';

/**
 * The sentence that warns where systemd is a container's init; null: it is not. It knows a service's process by the inode of its pidfd, too, which is another one after a
 * restore, and believes nothing that one says any more (systemd 257, service_notify_message_authorized, pidref_equal).
 */
export function innerSystemd({ members: [root], host }: Scene): string | null {
  if (root?.name !== 'systemd' || root.namespaces['pid'] === host['pid']) return null;
  return 'systemd in the container may not believe any more what its services report (WatchdogSec=, Type=notify), and restart those with a watchdog: after the move have it look anew, with systemctl daemon-reexec in the container.';
}
