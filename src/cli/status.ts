import type { CommandModule } from 'yargs';
import { describe } from '../journal/describe.ts';
import { isKept, stories } from '../journal/journal.ts';
import { answer } from './answer.ts';
import { needRoot } from './need-root.ts';

export const statusCommand: CommandModule<object, { json: boolean }> = {
  command: 'status',
  describe: 'The migrations that this host takes part in and that have not ended, and what to do about them',
  builder: (yargs) =>
    yargs
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object' })
      .example('$0 status', 'Is anything under way, or in doubt?'),
  handler: async ({ json }) => {
    needRoot();
    const all = (await stories()).map((story) => {
      const kept = isKept(story.migration, story.role);
      const { migration, role, htype, container, mode, peer, since, state, act, lost } = story;
      const words = describe(story, kept);
      return { migration, role, htype, container, mode, peer, since, state, act, lost, kept, ...words };
    });
    if (json) return answer({ migrations: all });
    if (all.length === 0) process.stdout.write('No migration is under way.\n');
    for (const { migration, since, where, todo } of all)
      process.stdout.write(`${migration}, since ${since}\n  ${where}\n${todo && `  ${todo}\n`}`);
  },
};
