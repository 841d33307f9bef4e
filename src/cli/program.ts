import yargs from 'yargs';
import { useConfig } from '../config.ts';
import { version } from '../version.ts';
import { loadCommands } from './load-commands.ts';

/** Runs the command that a command line names. Throws on wrong usage instead of printing and exiting: a failure handler that returns lets the command run. */
export async function runProgram(args: readonly string[]): Promise<void> {
  await yargs([...args])
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
    .command([...(await loadCommands(args))])
    .parseAsync();
}
