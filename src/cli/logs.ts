import type { CommandModule } from 'yargs';
import { readEvents } from '../history/read-events.ts';
import { readLogs } from '../history/read-logs.ts';
import { saidByCriu, saidByPhaul, type Said, timeLine } from '../observe/time-line.ts';
import { workspaceDirectory } from '../workspace.ts';
import { idArgument, type Known, known } from './known.ts';
import { needRoot } from './need-root.ts';
import { outlet } from './outlet.ts';

export const logsCommand: CommandModule<object, { id: string }> = {
  command: 'logs <id>',
  describe: 'What phaul and CRIU said on this host in a migration, in one time line',
  builder: (yargs) =>
    yargs
      .positional('id', idArgument)
      .example('$0 logs ct101', 'All that is known here of its last migration'),
  handler: async ({ id }) => {
    needRoot();
    const roles = await known(id);
    const lines = timeLine((await Promise.all(roles.map(saidIn))).flat());
    outlet(1).write(lines.map((line) => `${line}\n`).join(''));
    const [{ migration, peer, role }] = roles;
    if (roles.length === 1)
      process.stderr.write(
        `What was said on the ${role === 'source' ? 'target' : 'source'}: phaul logs ${migration} on ${peer}.\n`,
      );
  },
};

async function saidIn(each: Known): Promise<Said[][]> {
  const { migration, role, history } = each;
  const [events, logs] = await Promise.all([
    readEvents(history),
    readLogs(history, `${workspaceDirectory(migration, role)}/images`),
  ]);
  return [role === 'source' ? saidByPhaul(events, role) : limits(each), ...logs.map(saidByCriu)];
}

/** The target says all that it has to say to the source. */
function limits({ since, until, container, peer }: Known): Said[] {
  const began = { at: Date.parse(since), who: 'phaul', text: `${container} begins to come from ${peer}` };
  if (until === null) return [began];
  return [began, { at: Date.parse(until), who: 'phaul', text: 'the migration has ended here' }];
}
