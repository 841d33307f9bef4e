import type { Refusal } from '../../errors.ts';
import type { Descriptor } from '../../linux/descriptors.ts';
import { sourceRefusal } from '../migration.ts';
import { type Member, who } from './member.ts';
import { newTerminals } from './new-terminals.ts';
import type { Scene } from './scene.ts';

// Memory with a name, on a mount of the kernel's own: CRIU takes it along (criu/memfd.c).
const memory = /^\/(memfd:|SYSV|dev\/zero |anon_hugepage)/;

/** Files that were opened before the process was put into the container, or whose mount is gone: CRIU finds no way to them (criu/files-reg.c). */
export function outsideFiles({ members, mounts, options, container }: Scene): Refusal[] {
  // A process that has ended meanwhile has no mounts, and files that cannot be judged.
  if (mounts.size === 0) return [];
  const terminals = newTerminals({ container });
  const comesAnew = ({ kind, device }: Descriptor): boolean =>
    kind === 'character' && terminals.has(device.join(':'));
  return members.flatMap((member) =>
    member.descriptors.flatMap((open) => {
      if (!open.link.startsWith('/') || memory.test(open.link)) return [];
      const mount = mounts.get(open.mount);
      if (mount?.type === 'mqueue') return [messageQueue(member, open)];
      if (mount || comesAnew(open) || (options.shellJob && isTerminal(open))) return [];
      return [outside(member, open)];
    }),
  );
}

function outside(member: Member, { link, number }: Descriptor): Refusal {
  const message = `${who(member)} has ${link} open as descriptor ${number}, which is outside of the container.`;
  const hint =
    number <= 2
      ? 'Start it with its standard files at /dev/null (</dev/null >/dev/null 2>&1), or at files in the container.'
      : 'Start it without that descriptor: whoever starts it must close it first.';
  return sourceRefusal('FILE_OUTSIDE', message, hint);
}

function messageQueue(member: Member, { link, number }: Descriptor): Refusal {
  const message = `${who(member)} has the message queue ${link} open (descriptor ${number}), whose messages CRIU does not move.`;
  return sourceRefusal(
    'FILE_UNSUPPORTED',
    message,
    'Stop what uses it, or move the container with --mode revive.',
  );
}

const isTerminal = ({ kind, link }: Descriptor): boolean =>
  kind === 'character' && /^\/dev\/(pts\/|tty|console)/.test(link);
