import type { CommandModule } from 'yargs';
import { readConfigFile } from '../config-file.ts';
import { configPath, readConfig } from '../config.ts';
import { answer } from './answer.ts';
import { fileSettings } from './file-settings.ts';
import { configOptions, fileOptions } from './options.ts';

interface Arguments {
  readonly action: 'check' | 'show';
  readonly json: boolean;
}

/** A value in force. Null: there is none unless somebody sets it. */
interface Value {
  readonly table: string;
  readonly key: string;
  readonly value: unknown;
  readonly origin: 'default' | 'file';
}

export const configCommand: CommandModule<object, Arguments> = {
  command: 'config <action>',
  describe: "This host's configuration file: whether it is right, and what is in force",
  builder: (yargs) =>
    yargs
      .positional('action', {
        choices: ['check', 'show'] as const,
        demandOption: true,
        describe: 'check: is the file right? show: every value in force, and where it comes from',
      })
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object' })
      .options(configOptions)
      .example('$0 config check', 'After a change')
      .example('$0 config show', 'What a migration from this host does if nothing else is said'),
  handler: async ({ action, json }) => {
    const path = configPath();
    const file = (await readConfigFile(path, false)) as File | null;
    const values = await valuesInForce(file ?? {});
    const about = { file: path, exists: file !== null };
    if (json) return answer(action === 'check' ? about : { ...about, values });
    process.stdout.write(
      action === 'check'
        ? `${path} ${file ? 'is right' : 'does not exist: everything is as by default'}.\n`
        : `# ${path}${file ? '' : ' does not exist'}\n${await asToml(values)}`,
    );
  },
};

type File = Readonly<Record<string, Readonly<Record<string, object>>>>;

/** @throws CONFIG_INVALID */
async function valuesInForce(file: File): Promise<Value[]> {
  const { drivers, devices, log, metrics } = await readConfig();
  const options = Object.entries(fileOptions).map(([name, option]): [string, unknown] => [
    name,
    'default' in option ? option.default : null,
  ]);
  const migrate = { ...Object.fromEntries(options), ...(await fileSettings()) };
  return [
    ...rows('migrate', migrate, file['migrate']),
    ...rows('log', { level: log.level, format: log.format ?? null }, file['log']),
    ...rows('metrics', { textfile: metrics.textfile ?? null }, file['metrics']),
    ...rows('drivers', drivers, file['drivers']),
    ...Object.entries(devices).flatMap(([type, device]) =>
      rows(`devices.${type}`, device, file['devices']?.[type]),
    ),
  ];
}

/** @param said what of it the file says */
function rows(table: string, values: object, said: object = {}): Value[] {
  return Object.entries(values).map(([key, value]) => ({
    table,
    key,
    value: value as unknown,
    origin: key in said ? 'file' : 'default',
  }));
}

/** As a configuration file that says the same. */
async function asToml(values: readonly Value[]): Promise<string> {
  const { stringify } = await import('smol-toml');
  const line = ({ key, value, origin }: Value): string =>
    value === null
      ? `# ${key} is not set\n`
      : `${stringify({ [key]: value })
          .trimEnd()
          .padEnd(40)} # ${origin}\n`;
  return [...new Set(values.map(({ table }) => table))]
    .map(
      (table) =>
        `\n[${table}]\n${values
          .filter((each) => each.table === table)
          .map(line)
          .join('')}`,
    )
    .join('');
}
