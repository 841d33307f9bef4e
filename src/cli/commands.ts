import type { CommandModule } from 'yargs';
import { cancelCommand } from './cancel.ts';
import { checkCommand } from './check.ts';
import { completionCommand } from './completion.ts';
import { configCommand } from './config.ts';
import { driversCommand } from './drivers.ts';
import { logsCommand } from './logs.ts';
import { metricsCommand } from './metrics.ts';
import { migrateCommand } from './migrate.ts';
import { psCommand } from './ps.ts';
import { recoverCommand } from './recover.ts';
import { reportCommand } from './report.ts';
import { serviceCommand } from './service.ts';
import { statusCommand } from './status.ts';

/** All of them, in the order of the help. Each has arguments of its own, which matter to nobody else. */
export const commands: readonly CommandModule[] = [
  migrateCommand,
  checkCommand,
  driversCommand,
  psCommand,
  statusCommand,
  cancelCommand,
  logsCommand,
  reportCommand,
  recoverCommand,
  metricsCommand,
  configCommand,
  completionCommand(() => commands),
  serviceCommand,
] as unknown as CommandModule[];
