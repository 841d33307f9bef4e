import type { Refusal } from '../../errors.ts';
import { deviceNumbers } from '../../linux/descriptors.ts';
import { sourceRefusal } from '../migration.ts';
import { type Member, who } from './member.ts';
import type { Scene } from './scene.ts';

/** Major and minor of the terminals in whose places the htype gives CRIU others, as `136:0`. */
export function newTerminals({ container }: Pick<Scene, 'container'>): ReadonlySet<string> {
  const named = (container.live?.dump?.external ?? []).map((key) => /^tty\[([0-9a-f]+):/.exec(key)?.[1]);
  return new Set(
    named.flatMap((device) => (device === undefined ? [] : [deviceNumbers(parseInt(device, 16)).join(':')])),
  );
}

const own = '5:0';
const master = '5:2';

/**
 * `/dev/tty`, where that is such a terminal, or one that a process before this one has open, too (sshd its user's shell's): CRIU opens it anew only for a terminal
 * that it makes for this process first (criu/tty.c, tty_verify_ctty).
 */
export function ownTerminals(scene: Scene): Refusal[] {
  const terminals = newTerminals(scene);
  const { members } = scene;
  return members.flatMap((member, index) =>
    member.descriptors
      .filter(
        ({ device }) =>
          device.join(':') === own &&
          (terminals.has(member.terminal.join(':')) || members.slice(0, index).some(keeps(member.terminal))),
      )
      .map(({ number }) =>
        sourceRefusal(
          'TERMINAL_OUTSIDE',
          `${who(member)} has its terminal open as /dev/tty (descriptor ${number}), as a shell has at which somebody types.`,
          'End that shell, or move the container with --mode revive.',
        ),
      ),
  );
}

/** Whether a process has a terminal open, or the masters of any. */
const keeps =
  (terminal: Member['terminal']) =>
  ({ descriptors }: Member): boolean =>
    descriptors.some(({ device }) => [master, terminal.join(':')].includes(device.join(':')));
