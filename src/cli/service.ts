import type { CommandModule } from 'yargs';
import { PhaulError } from '../errors.ts';
import { journalLog } from '../log/journal-log.ts';
import { updateTextfile } from '../metrics/textfile.ts';
import { runService } from '../service/service.ts';

export const serviceCommand: CommandModule<object, { stdio: boolean }> = {
  command: 'service',
  describe: "The target's side of one migration; phaul migrate starts it through ssh",
  builder: (yargs) =>
    yargs
      .option('stdio', { type: 'boolean', default: false, describe: 'Talk over standard input and output' })
      .example('ssh hostb phaul service --stdio', 'What phaul migrate does'),
  handler: async ({ stdio }) => {
    if (!stdio)
      throw new PhaulError('USAGE', 'phaul service needs --stdio.', {
        hint: 'phaul migrate starts it by itself.',
      });
    const log = await journalLog();
    await runService(log);
    await updateTextfile(log);
  },
};
