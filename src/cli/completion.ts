import type { CommandModule } from 'yargs';
import { stories } from '../journal/journal.ts';
import { bash } from './completion/bash.ts';
import { fish } from './completion/fish.ts';
import { containerNames } from './completion/names.ts';
import { zsh } from './completion/zsh.ts';
import { described } from './described.ts';

const scripts = { bash, zsh, fish } as const;

/** What the scripts ask while somebody types. */
const lists = {
  containers: containerNames,
  ids: async () => [...new Set((await stories()).map(({ migration }) => migration))],
} as const;

type What = keyof typeof scripts | keyof typeof lists;

export const completionCommand = (
  commands: () => readonly CommandModule[],
): CommandModule<object, { what: What }> => ({
  command: 'completion <what>',
  describe: 'Print the script with which a shell completes what you type after phaul',
  builder: (yargs) =>
    yargs
      .positional('what', {
        choices: ['bash', 'zsh', 'fish', 'containers', 'ids'] as const,
        demandOption: true,
        describe: 'The shell; or containers or ids, which the scripts ask for names on this host',
      })
      .example(
        '$0 completion bash >/etc/bash_completion.d/phaul',
        'For bash, with the package bash-completion',
      )
      .example('$0 completion zsh >/usr/local/share/zsh/site-functions/_phaul', 'For zsh')
      .example('$0 completion fish >/etc/fish/completions/phaul.fish', 'For fish'),
  handler: async ({ what }) => {
    const text =
      what === 'containers' || what === 'ids'
        ? (await lists[what]()).map((name) => `${name}\n`)
        : [scripts[what](commands().map(described))];
    process.stdout.write(text.join(''));
  },
});
