import { runLabCommand } from '../command-line.ts';
import { type VmName, vmNames } from './machine.ts';
import { VmLab } from './vm-lab.ts';

process.exitCode = await runLabCommand(
  {
    script: 'lab:vm',
    description:
      'Two hosts a and b on one network, which are virtual machines with the kernel of Debian, for trying phaul by hand.',
    hostNames: vmNames,
    up: () => VmLab.up(),
    down: () => VmLab.down(),
    find: () => {
      const lab = VmLab.find();
      return lab && ((name: VmName) => lab.host(name));
    },
  },
  process.argv.slice(2),
);
