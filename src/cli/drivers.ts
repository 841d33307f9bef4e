import type { CommandModule } from 'yargs';
import type { Found } from '../contracts/load.ts';
import { findDrivers } from '../contracts/registry.ts';
import { PhaulError } from '../errors.ts';
import { answer } from './answer.ts';
import { configOptions } from './options.ts';

export const driversCommand: CommandModule<object, { json: boolean }> = {
  command: 'drivers',
  describe: 'What this host has: the drivers, where they come from, and what each can do',
  builder: (yargs) =>
    yargs
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object' })
      .options(configOptions)
      .example('$0 drivers', 'The list'),
  handler: async ({ json }) => {
    const found: Found[] = [
      ...(await findDrivers('htype')),
      ...(await findDrivers('fs')),
      ...(await findDrivers('device')),
    ];
    if (json) answer({ drivers: found.map(row) });
    else process.stdout.write(found.map(line).join(''));
    const broken = found.flatMap(({ driver }) => (driver instanceof PhaulError ? [driver.exitCode] : []));
    process.exitCode = broken[0] ?? 0;
  },
};

function row({ kind, name, origin, version, driver }: Found): object {
  const where = { kind, name, origin, version };
  if (driver instanceof PhaulError) {
    const { code, message, hint } = driver;
    return { ...where, error: { code, message, hint } };
  }
  const { apiVersion, description, capabilities } = driver;
  return { ...where, apiVersion, description, capabilities };
}

function line({ kind, name, origin, version, driver }: Found): string {
  const start = `${kind.padEnd(7)} ${name.padEnd(9)} ${[origin, version ?? []].flat().join(' ').padEnd(15)} `;
  if (driver instanceof PhaulError) return `${start}${driver.code}: ${driver.message} ${driver.hint}\n`;
  const can = Object.entries(driver.capabilities).flatMap(([what, yes]) => (yes ? [what] : []));
  return `${start}${driver.description}${can.length > 0 ? ` [${can.join(', ')}]` : ''}\n`;
}
