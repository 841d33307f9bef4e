import type { CommandModule } from 'yargs';

// Those that run in every migration. Each gets along without the code of the others, and loading that is most of what a start takes.
const alone: Readonly<Record<string, () => Promise<unknown>>> = {
  migrate: async () => (await import('./migrate.ts')).migrateCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  service: async () => (await import('./service.ts')).serviceCommand,
};

/** The commands that a command line may mean: the one that it begins with, or all of them. */
export async function loadCommands([first = '']: readonly string[]): Promise<readonly CommandModule[]> {
  const load = Object.hasOwn(alone, first) ? alone[first] : undefined;
  return load ? [(await load()) as CommandModule] : (await import('./commands.ts')).commands;
}
