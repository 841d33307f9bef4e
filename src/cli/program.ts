import yargs, { type Argv } from 'yargs';
import { useConfig } from '../config.ts';
import { version } from '../version.ts';
import { commands } from './commands.ts';

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
    .command([...commands]);
}
