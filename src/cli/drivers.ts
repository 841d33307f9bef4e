import type { CommandModule } from 'yargs';
import { drivers } from '../contracts/registry.ts';

export const driversCommand: CommandModule<object, { json: boolean }> = {
  command: 'drivers',
  describe: 'What is built in, and what each driver can do',
  builder: (yargs) =>
    yargs
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object' })
      .example('$0 drivers', 'The list'),
  handler: ({ json }) => {
    const rows = Object.values(drivers)
      .flat()
      .map(({ kind, name, apiVersion, description, capabilities }) => ({
        kind,
        name,
        apiVersion,
        description,
        capabilities,
      }));
    if (json) return void process.stdout.write(`${JSON.stringify({ drivers: rows })}\n`);
    for (const { kind, name, description, capabilities } of rows) {
      const can = Object.entries(capabilities).flatMap(([what, yes]) => (yes ? [what] : []));
      process.stdout.write(
        `${kind.padEnd(7)} ${name.padEnd(9)} ${description}${can.length > 0 ? ` [${can.join(', ')}]` : ''}\n`,
      );
    }
  },
};
