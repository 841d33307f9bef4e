import { runLabCommand } from './command-line.ts';
import { hostNames } from './host.ts';
import { Lab } from './lab.ts';

process.exitCode = await runLabCommand(
  {
    script: 'lab',
    description: 'Three hosts a, b and c on one network, made of namespaces, for trying phaul by hand.',
    hostNames,
    up: () => Lab.up(),
    down: () => Lab.down(),
    find: () => {
      const lab = Lab.find();
      return lab && ((name) => lab.host(name));
    },
  },
  process.argv.slice(2),
);
