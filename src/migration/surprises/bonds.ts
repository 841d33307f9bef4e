import { readFile } from 'node:fs/promises';
import type { Refusal } from '../../errors.ts';
import { sourceRefusal } from '../migration.ts';
import { statusField, who } from './member.ts';
import type { Scene } from './scene.ts';

/** A process has one tracer at most, and CRIU must be it. */
export async function traced({ members }: Scene): Promise<Refusal[]> {
  const found = await Promise.all(
    members.map(async (member) => {
      const tracer = Number(statusField(member.status, 'TracerPid')[0] ?? 0);
      if (tracer === 0) return [];
      const name = await readFile(`/proc/${tracer}/comm`, 'utf8').catch(() => 'another process');
      const message = `${who(member)} is traced by ${who({ name: name.trim(), pid: tracer })}: CRIU has to do that itself.`;
      return [sourceRefusal('PROCESS_TRACED', message, 'End the debugger, strace or the like.')];
    }),
  );
  return found.flat();
}

/** Sessions whose leader does not move along (criu/pstree.c, dump_pstree; criu/cr-dump.c, dump_one_task). */
export function foreignSessions({ members, options }: Scene): Refusal[] {
  const [root] = members;
  if (!root) return [];
  const followed = root.session === root.pid || options.shellJob;
  const hint =
    'Start it with setsid; or with --shell-job it gets the session and the terminal that phaul has on the target.';
  const message = `${who(root)} belongs to the session of a shell (pid ${root.session}) that does not move along.`;
  return [
    ...(followed ? [] : [sourceRefusal('SESSION_OUTSIDE', message, hint)]),
    // 0: as its own pid namespace sees it there is no leader.
    ...members
      .filter((member) => statusField(member.status, 'NSsid').at(-1) === '0')
      .map((member) =>
        sourceRefusal(
          'SESSION_OUTSIDE',
          `${who(member)} was put into the container by a process outside, to whose session it belongs.`,
          'End it before the container is moved.',
        ),
      ),
  ];
}
