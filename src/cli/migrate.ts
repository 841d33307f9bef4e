import type { CommandModule } from 'yargs';
import { migrate, rehearse } from '../migration/migrate.ts';
import type { Ended } from '../migration/ended.ts';
import { toMigrateOptions } from './arguments.ts';
import { inForce } from './in-force.ts';
import { type Said, withoutDefaults } from './layered.ts';
import { migrateOptions } from './options.ts';
import { outputFor } from './output.ts';
import { userAbort } from './user-abort.ts';

type Arguments = Said<typeof migrateOptions> & { container: string; dest: string };

export const migrateCommand: CommandModule<object, Arguments> = {
  command: 'migrate <container> <dest>',
  describe: 'Move a running container to another host',
  builder: (yargs) =>
    yargs
      .positional('container', {
        type: 'string',
        demandOption: true,
        describe: 'Its name, or the pid of a process tree',
      })
      .positional('dest', {
        type: 'string',
        demandOption: true,
        describe: '[user@]host[:port], reached by ssh',
      })
      .options(withoutDefaults(migrateOptions))
      .example('$0 migrate ct101 hostb', 'Move ct101 to hostb; its open connections stay open')
      .example('$0 migrate --mode revive ct101 hostb', 'Move its files; stop it here, start it there')
      .example('$0 migrate --dry-run ct101 root@hostb:2222', 'Say what would be done')
      .example(
        '$0 migrate --type pid --pid-root /srv/job 4711 hostb',
        'Move a process tree and the files in /srv/job',
      )
      .example('$0 migrate --json ct101 hostb | tail -n 1', 'The result, for a program'),
  handler: async (args) => {
    const asked = await inForce(migrateOptions, args);
    const options = toMigrateOptions(args.container, args.dest, asked);
    const { listeners, say } = await outputFor(asked, !asked.dryRun);
    const run = asked.dryRun ? rehearse : migrate;
    process.exitCode = exitCodeOf(await run(options, listeners, userAbort(say)));
  },
};

export function exitCodeOf(ended: Ended<unknown>): number {
  return ended.ok ? 0 : ended.error.exitCode;
}
