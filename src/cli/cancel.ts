import type { CommandModule } from 'yargs';
import { PhaulError } from '../errors.ts';
import { stories } from '../journal/journal.ts';
import type { Story } from '../journal/story.ts';
import { cancel } from '../migration/cancel.ts';
import { failureLines } from '../observe/ending.ts';
import type { ResultEvent } from '../observe/events.ts';
import { plainText } from '../observe/plain-text.ts';
import { needRoot } from './need-root.ts';

export const cancelCommand: CommandModule<object, { id: string }> = {
  command: 'cancel <id>',
  describe: 'Stop a migration that is under way from this host, and wait until all of it is undone',
  builder: (yargs) =>
    yargs
      .positional('id', {
        type: 'string',
        demandOption: true,
        describe: "A migration's id, or the name of the container",
      })
      .example('$0 cancel ct101', 'It stays here, and runs on as if nothing had been'),
  handler: async ({ id }) => {
    needRoot();
    const { migration, container, peer } = await meant(id);
    const outcome = await cancel(migration, () =>
      process.stdout.write(`Undoing; ${container} stays here.\n`),
    );
    if (outcome === 'too late')
      throw refused(`${container} has been handed over to ${peer}: there is only forward.`);
    if (outcome === 'nobody')
      throw refused(`No living phaul is at work on the migration of ${container} to ${peer}.`);
    process.exitCode = say(outcome);
  },
};

async function meant(id: string): Promise<Story> {
  const all = await stories();
  const story =
    all.find(({ migration }) => migration === id) ??
    all.find(({ container, role }) => container === id && role === 'source') ??
    all.find(({ container }) => container === id);
  if (!story)
    throw new PhaulError(
      'MIGRATION_UNKNOWN',
      `No migration of that id or container is under way here: ${id}.`,
    );
  if (story.role === 'source') return story;
  throw refused(`${story.container} comes from ${story.peer}.`, `Give the command on ${story.peer}.`);
}

function refused(message: string, hint?: string): PhaulError {
  return new PhaulError('CANCEL_REFUSED', message, hint === undefined ? {} : { hint });
}

/** Gives the exit code. */
function say(result: ResultEvent): number {
  if (result.ok) return 0;
  const { code, notUndone, sourceState } = result.error;
  const clean = code === 'CANCELLED' && notUndone === undefined && sourceState === 'running';
  const lines = clean ? ['Cancelled. The container runs as before.'] : failureLines(result.error);
  process.stdout.write(lines.map((line) => `${plainText(line)}\n`).join(''));
  return clean ? 0 : 1;
}
