import type { CommandModule } from 'yargs';
import { pasts } from '../history/past.ts';
import { isKept, stories } from '../journal/journal.ts';
import { answer } from './answer.ts';
import { needRoot } from './need-root.ts';
import { type Row, rowOfPast, rowOfStory, table } from './ps-rows.ts';

export const psCommand: CommandModule<object, { json: boolean }> = {
  command: 'ps',
  describe: 'The migrations from and to this host: those under way, and the last 100 that have ended',
  builder: (yargs) =>
    yargs
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object' })
      .example('$0 ps', 'What was moved when, and how long did it stand still?'),
  handler: async ({ json }) => {
    needRoot();
    const rows = await allRows();
    if (json) return answer({ migrations: rows });
    const none = ['This host remembers no migration.'];
    process.stdout.write(`${(rows.length === 0 ? none : table(rows)).join('\n')}\n`);
  },
};

/** The last begun first. */
async function allRows(): Promise<Row[]> {
  const now = new Date();
  const underWay = (await stories()).map((story) =>
    rowOfStory(story, isKept(story.migration, story.role), now),
  );
  const isUnderWay = (row: Row): boolean =>
    underWay.some(({ migration, role }) => migration === row.migration && role === row.role);
  const ended = (await pasts()).map(rowOfPast).filter((row) => !isUnderWay(row));
  return [...underWay, ...ended].sort((one, other) => other.since.localeCompare(one.since));
}
