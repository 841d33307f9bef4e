import type { CommandModule } from 'yargs';
import { PhaulError } from '../errors.ts';
import { sweepAbandoned } from '../workspace.ts';

export const recoverCommand: CommandModule = {
  command: 'recover',
  describe:
    'Undo on this host what a phaul that was killed left behind; every phaul does that when it begins',
  builder: (yargs) => yargs.example('$0 recover', 'After a kill -9: a stopped container is started again'),
  handler: async () => {
    if (process.getuid?.() !== 0) throw new PhaulError('NOT_ROOT', 'phaul must run as root.');
    await sweepAbandoned();
  },
};
