import { hostname } from 'node:os';
import type { CommandModule } from 'yargs';
import { asPhaulError } from '../errors.ts';
import { readEvents } from '../history/read-events.ts';
import { readLogs } from '../history/read-logs.ts';
import { skewThen } from '../migration/clock-skew.ts';
import { targetLogs } from '../migration/target-logs.ts';
import type { PhaulEvent } from '../observe/events.ts';
import { saidByCriu, saidByPhaul, type Said, timeLine } from '../observe/time-line.ts';
import { workspaceDirectory } from '../workspace.ts';
import { idArgument, type Known, known } from './known.ts';
import { needRoot } from './need-root.ts';
import { outlet } from './outlet.ts';

export const logsCommand: CommandModule<object, { id: string }> = {
  command: 'logs <id>',
  describe: 'What phaul and CRIU said in a migration: on its source that of both hosts, in one time line',
  builder: (yargs) =>
    yargs.positional('id', idArgument).example('$0 logs ct101', 'All that is known of its last migration'),
  handler: async ({ id }) => {
    needRoot();
    const roles = await known(id);
    const here = (await Promise.all(roles.map(saidHere))).flat();
    const there = roles.length === 1 ? await saidThere(roles[0]) : [];
    outlet(1).write(
      timeLine([...here, ...there])
        .map((line) => `${line}\n`)
        .join(''),
    );
  },
};

async function saidHere(each: Known): Promise<Said[][]> {
  const { migration, role, history } = each;
  const [events, logs] = await Promise.all([
    readEvents(history),
    readLogs(history, `${workspaceDirectory(migration, role)}/images`),
  ]);
  const own = hostname();
  const names = { source: own, target: hostsIn(events)?.target.name ?? each.peer };
  return [
    role === 'source' ? saidByPhaul(events, names) : limits(each, own),
    ...logs.map((log) => saidByCriu(log, own)),
  ];
}

/** The target is asked; the source cannot be: nobody knows here how it is reached. What is missing is said on stderr. */
async function saidThere({ migration, role, peer, container, history }: Known): Promise<Said[][]> {
  if (role === 'target') {
    note(`What was said on the source: phaul logs ${migration} on ${peer}, which shows that of both hosts.`);
    return [];
  }
  try {
    const { host, clock, span, logs } = await targetLogs(migration, peer);
    if (!span) note(`${host}, the target, remembers nothing of it.`);
    // As the clocks were then: they may have been set since.
    const ahead = skewThen(hostsIn(await readEvents(history))?.clock, clock);
    if (Math.abs(ahead) >= muchMs)
      note(
        `The clock of ${host} is ahead by ${(ahead / 1000).toFixed(1)} s: its lines are shown as this host's clock had it.`,
      );
    const began = span ? limits({ ...span, container, peer: hostname() }, host, ahead) : [];
    return [
      began,
      ...logs.map(({ written, ...log }) => saidByCriu({ ...log, written: new Date(written) }, host, ahead)),
    ];
  } catch (thrown) {
    const { code, message } = asPhaulError(thrown);
    note(`What CRIU said on the target is missing: ${code}: ${message}\n  Give the same command on ${peer}.`);
    return [];
  }
}

const muchMs = 100;

const note = (line: string): unknown => process.stderr.write(`${line}\n`);

const hostsIn = (events: readonly PhaulEvent[]): Extract<PhaulEvent, { type: 'hosts' }> | undefined =>
  events.find((event) => event.type === 'hosts');

/** The target says all else that it has to say to the source. @param peer the source */
function limits(
  { since, until, container, peer }: Pick<Known, 'since' | 'until' | 'container' | 'peer'>,
  host: string,
  aheadMs = 0,
): Said[] {
  const at = (time: string): number => Date.parse(time) - aheadMs;
  const who = 'phaul';
  const began = { at: at(since), host, who, text: `${container} begins to come from ${peer}` };
  return until === null
    ? [began]
    : [began, { at: at(until), host, who, text: 'the migration has ended here' }];
}
