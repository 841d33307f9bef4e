import type { Refusal } from '../../errors.ts';
import { sourceRefusal } from '../migration.ts';
import { type Member, who } from './member.ts';

// What CRIU knows how to make anew (criu/files.c, dump_one_file). It knows maps of BPF only if it was built so; let it say.
const known = /^\[?(eventfd|eventpoll|inotify|fanotify|signalfd|timerfd|pidfd|bpf-map)\]?$/;

const names: Readonly<Record<string, string>> = {
  '[perf_event]': 'a performance counter (perf_event_open)',
  '[userfaultfd]': 'a userfaultfd',
  'bpf-prog': 'a BPF program',
  bpf_link: 'a BPF link',
  'kvm-vm': 'a virtual machine (KVM)',
  'kvm-vcpu': 'a virtual CPU (KVM)',
  'landlock-ruleset': 'a Landlock ruleset',
  '[landlock-ruleset]': 'a Landlock ruleset',
};

/** Files without a place in any file system: CRIU can make only some kinds of them anew. */
export function anonymousFiles(members: readonly Member[]): Refusal[] {
  return members.flatMap((member) =>
    member.descriptors.flatMap(({ link, number }) => {
      const kind = /^anon_inode:(.*)$/.exec(link)?.[1];
      if (kind === undefined || known.test(kind)) return [];
      return [kind === '[io_uring]' ? ring(member, number) : unknown(member, number, kind)];
    }),
  );
}

function ring(member: Member, number: number): Refusal {
  const message = `${who(member)} uses io_uring (descriptor ${number}), which CRIU cannot move.`;
  const hint = 'Start the container anew with kernel.io_uring_disabled=2 (sysctl): programs then do without.';
  return sourceRefusal('IO_URING', message, hint);
}

function unknown(member: Member, number: number, kind: string): Refusal {
  const message = `${who(member)} has ${names[kind] ?? kind} open (descriptor ${number}), which CRIU cannot move.`;
  const hint = 'Stop what uses it, or move the container with --mode revive.';
  const forBpf = 'systemd does without where the container may not load any: docs/lxc.md.';
  return sourceRefusal('FILE_UNSUPPORTED', message, /bpf/.test(kind) ? `${hint} ${forBpf}` : hint);
}
