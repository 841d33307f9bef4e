import yargs, { type Argv } from 'yargs';
import { useConfig } from '../config.ts';
import { version } from '../version.ts';
import { cancelCommand } from './cancel.ts';
import { checkCommand } from './check.ts';
import { configCommand } from './config.ts';
import { driversCommand } from './drivers.ts';
import { logsCommand } from './logs.ts';
import { migrateCommand } from './migrate.ts';
import { psCommand } from './ps.ts';
import { recoverCommand } from './recover.ts';
import { reportCommand } from './report.ts';
import { serviceCommand } from './service.ts';
import { statusCommand } from './status.ts';

/** The parser. It throws on wrong usage instead of printing and exiting: a failure handler that returns lets the command run. */
export function program(args: readonly string[]): Argv {
  return yargs([...args])
    .scriptName('phaul')
    .usage('$0 COMMAND …\n\nMoves running containers between Linux hosts.')
    .version(version)
    .strict()
    .demandCommand(1, 'Which command?')
    .recommendCommands()
    .parserConfiguration({ 'duplicate-arguments-array': false })
    .wrap(100)
    .exitProcess(false)
    .fail(false)
    .middleware(({ config }) => {
      if (typeof config === 'string') useConfig(config);
    })
    .command(migrateCommand)
    .command(checkCommand)
    .command(driversCommand)
    .command(psCommand)
    .command(statusCommand)
    .command(cancelCommand)
    .command(logsCommand)
    .command(reportCommand)
    .command(recoverCommand)
    .command(configCommand)
    .command(serviceCommand);
}
