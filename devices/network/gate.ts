import type { DriverContext } from '../../src/contracts/context.ts';
import { type Instruction, opensConnection } from '../../src/linux/packet-filter.ts';

/**
 * Turns away whatever asks for a TCP connection to the container, and lets all else pass; who asks asks again. It stands at the host's ends
 * of the links. Connections over the loopback do not meet it: their clients would be frozen in the midst of asking, and CRIU cannot
 * restore that where the server is in the same namespace (soccr/soccr.c:528: the connection is made at once then).
 */
export interface Gate {
  /** Closed at those of the links at which tc can do that; of the others a line in the log tells. */
  readonly close: () => Promise<void>;
  /** Leaves nothing of it; does no harm where it is not closed. @throws DRIVER_FAILED if it is closed still */
  readonly open: () => Promise<void>;
}

// linux/pkt_cls.h. UNSPEC: as the filters after this one say.
const [TC_ACT_UNSPEC, TC_ACT_SHOT] = [0xffff_ffff, 2];

// By these only ours is ever removed: tc's first preference, and for a handle the letters "phau".
const handle = '0x70686175';
const place = `egress pref 1 protocol all handle ${handle} bpf`;

// $1: the program, then the links. A queueing discipline may be there already.
const closing = `
program=$1; shift; open=
for link do
  tc qdisc add dev "$link" clsact 2>/dev/null
  tc filter add dev "$link" ${place} direct-action bytecode "$program" || open=$link
done
[ -z "$open" ]`;
// The queueing discipline goes when nobody has a filter in it.
const opening = `
for link do
  tc filter del dev "$link" ${place} 2>/dev/null || continue
  [ "$(tc filter show dev "$link" ingress; tc filter show dev "$link" egress)" ] || tc qdisc del dev "$link" clsact
done
for link do
  if tc filter show dev "$link" egress 2>/dev/null | grep ${handle}; then exit 1; fi
done`;

/** @param links the host's ends */
export function gate(links: readonly string[], ctx: DriverContext): Gate {
  const program = bytecode(opensConnection(TC_ACT_SHOT, TC_ACT_UNSPEC));
  return {
    close: async () => {
      ctx.ifKilled('sh', ['-c', opening, 'sh', ...links]);
      const closed = ctx.run('sh', ['-c', closing, 'sh', program, ...links]);
      await closed.catch((error: unknown) => ctx.log(`The gate is open: ${String(error)}`));
    },
    open: async () => void (await ctx.run('sh', ['-c', opening, 'sh', ...links], { abortable: false })),
  };
}

/** As tc reads it (tc-bpf(8)). */
function bytecode(program: readonly Instruction[]): string {
  return [program.length, ...program.map((instruction) => instruction.join(' '))].join(',');
}
