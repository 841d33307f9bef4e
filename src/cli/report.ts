import { writeFile } from 'node:fs/promises';
import type { CommandModule } from 'yargs';
import { PhaulError } from '../errors.ts';
import { readEvents } from '../history/read-events.ts';
import { idArgument, known } from './known.ts';
import { needRoot } from './need-root.ts';
import { outlet } from './outlet.ts';

export const reportCommand: CommandModule<object, { id: string; file?: string | undefined }> = {
  command: 'report <id> [file]',
  describe: 'A migration from this host as one HTML page, which needs nothing else',
  builder: (yargs) =>
    yargs
      .positional('id', idArgument)
      .positional('file', { type: 'string', describe: 'Where it is written; without it: standard output' })
      .example('$0 report ct101 ct101.html', 'Where did the time go?'),
  handler: async ({ id, file }) => {
    needRoot();
    const page = await pageOf(id);
    if (file === undefined) return outlet(1).write(page);
    await writeFile(file, page, { mode: 0o600 }).catch((cause: unknown) => {
      throw new PhaulError('USAGE', `${file} cannot be written.`, { cause });
    });
  },
};

/** @throws MIGRATION_UNKNOWN */
async function pageOf(id: string): Promise<string> {
  const roles = await known(id);
  const source = roles.find(({ role }) => role === 'source');
  if (!source) {
    const [{ migration, peer }] = roles;
    throw new PhaulError('MIGRATION_UNKNOWN', `This host was only the target of ${migration}.`, {
      hint: `Give the command on ${peer}, which knows all of it.`,
    });
  }
  const events = await readEvents(source.history);
  if (events.length === 0)
    throw new PhaulError('MIGRATION_UNKNOWN', `No events of ${source.migration} were kept.`);
  const { reportPage } = await import('../observe/report/page.ts');
  return reportPage(events);
}
