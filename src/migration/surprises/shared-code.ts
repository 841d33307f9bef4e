import { readFile } from 'node:fs/promises';
import type { Refusal } from '../../errors.ts';
import { sourceRefusal } from '../migration.ts';
import { type Member, who } from './member.ts';

/**
 * CRIU enters a process by writing into the first memory that it may execute (criu/parasite-syscall.c, get_exec_start). The kernel does not let a tracer
 * write into what is shared and read-only, as PHP's memory for compiled code is, which it puts below its program.
 */
export async function sharedCode(members: readonly Member[]): Promise<Refusal[]> {
  const found = await Promise.all(
    members.map(async (member) => {
      const maps = await readFile(`/proc/${member.pid}/maps`, 'utf8').catch(() => '');
      const [, address, shared] = /^(\S+)-\S+ .(?:-x(s)|.x.) /m.exec(maps) ?? [];
      return shared === undefined ? [] : [refusal(member, address ?? '')];
    }),
  );
  return found.flat();
}

function refusal(member: Member, address: string): Refusal {
  const message = `${who(member)} begins with code in shared memory (at ${address}), through which CRIU cannot enter it.`;
  const hint =
    'PHP: start it with opcache.jit_buffer_size=0. Other programs: let them keep no compiled code in shared memory, or use --mode revive.';
  return sourceRefusal('MEMORY_UNSUPPORTED', message, hint);
}
