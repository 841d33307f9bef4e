import type { Refusal } from '../../errors.ts';
import { socketKind } from '../../linux/socket-kind.ts';
import { sourceRefusal } from '../migration.ts';
import { type Member, who } from './member.ts';

// As the kernel names the protocols that CRIU has code for (criu/sockets.c, dump_socket; criu/sk-inet.c, can_dump_ipproto).
const known =
  /^(UNIX|UNIX-STREAM|TCP|TCPv6|UDP|UDPv6|UDP-Lite|UDPLITEv6|RAW|RAWv6|PING|PINGv6|PACKET|NETLINK)$/;

const kinds: Readonly<Record<string, { readonly what: string; readonly hint?: string }>> = {
  AF_VSOCK: { what: "a socket to the host's hypervisor (vsock)" },
  VSOCK: { what: "a socket to the host's hypervisor (vsock)" },
  ALG: { what: "a socket of the kernel's cryptography (AF_ALG)" },
  XDP: { what: 'an XDP socket' },
  MPTCP: {
    what: 'a Multipath TCP socket',
    hint: 'Programs in Go: start them with GODEBUG=multipathtcp=0. Or switch it off in the container: sysctl net.mptcp.enabled=0.',
  },
  SCTP: { what: 'an SCTP socket' },
  SCTPv6: { what: 'an SCTP socket' },
};

/** Sockets of families and protocols that CRIU has no code for. */
export function unsupportedSockets(members: readonly Member[]): Refusal[] {
  return members.flatMap((member) =>
    member.descriptors.flatMap(({ kind, number }) => {
      const name = kind === 'socket' ? socketKind(member.pid, number) : null;
      if (name === null || known.test(name)) return [];
      const { what, hint } = kinds[name] ?? { what: `a socket of the kind ${name}` };
      const message = `${who(member)} has ${what} open (descriptor ${number}), which CRIU cannot move.`;
      return [
        sourceRefusal(
          'SOCKET_UNSUPPORTED',
          message,
          hint ?? 'Stop what uses it, or move the container with --mode revive.',
        ),
      ];
    }),
  );
}
