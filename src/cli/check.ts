import type { CommandModule } from 'yargs';
import { checkHere } from '../migration/check-here.ts';
import { rehearse } from '../migration/migrate.ts';
import { toMigrateOptions } from './arguments.ts';
import { inForce } from './in-force.ts';
import { type Said, withoutDefaults } from './layered.ts';
import { exitCodeOf } from './migrate.ts';
import { checkOptions } from './options.ts';
import { outputFor } from './output.ts';
import { userAbort } from './user-abort.ts';

type Arguments = Said<typeof checkOptions> & {
  container?: string | undefined;
  dest?: string | undefined;
};

export const checkCommand: CommandModule<object, Arguments> = {
  command: 'check [container] [dest]',
  describe: 'Say everything that would refuse a migration; changes nothing',
  builder: (yargs) =>
    yargs
      .positional('container', { type: 'string', describe: 'Without it: only this host' })
      .positional('dest', { type: 'string', describe: 'Without it: only this host and the container' })
      .options(withoutDefaults(checkOptions))
      .example('$0 check', 'Can this host migrate anything at all?')
      .example('$0 check ct101 hostb', 'Both hosts, the container, its files and its network'),
  handler: async (args) => {
    const { container, dest } = args;
    const asked = await inForce(checkOptions, args);
    const options = toMigrateOptions(container ?? '', dest ?? '', asked);
    const { listeners, say } = await outputFor(asked, false);
    const look = container !== undefined && dest !== undefined ? rehearse : checkHere;
    process.exitCode = exitCodeOf(await look(options, listeners, userAbort(say)));
  },
};
