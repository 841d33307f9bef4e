import { join } from 'node:path';
import { hostAddress } from '../host.ts';
import { type Machine, type VmName, vmNames } from './machine.ts';

/** The size of the drive that holds the project, in bytes. A machine's saved state expects it. */
export const projectDriveBytes = 128 * 2 ** 20;

const kernelParameters = [
  'console=ttyS0 quiet panic=1',
  // An emulated CPU gains nothing by these, and takes long for some.
  'mitigations=off nokaslr audit=0 apparmor=0 no_timer_check rcupdate.rcu_expedited=1 random.trust_cpu=on',
  // The CPU's own counter is that of this machine: while this machine is busy, the kernel measures its speed wrong, four times
  // in one case, and all clocks run so much faster.
  'tsc=unstable clocksource=hpet',
  'net.ifnames=0',
  // Written memory is tracked by the page, and then a page has 2 MiB.
  'transparent_hugepage=never',
];

/** The argument vector of a machine's QEMU. A saved state loads only with arguments like those it was saved with. */
export function qemuCommand(
  { name, image, directory }: Machine,
  from: 'power-on' | 'image',
): readonly string[] {
  const own = (ending: string): string => join(directory, `${name}.${ending}`);
  const command = [...kernelParameters, `lab.name=${name} lab.address=${hostAddress(name)}/24`].join(' ');
  const parts = [
    // With two CPUs the guest's kernel panics now and then while it patches its own text. Five-level page tables cost time. QEMU 7.2 computes the flags
    // after CMPXCHG16B from what an earlier block has left (gen_cmpxchg16b lacks gen_update_cc_op; since 8.0 it is inlined): now and then they were those of
    // virtual-8086 mode, and the kernel, which allocates memory with it, panicked at the next interrupt.
    '-machine q35 -accel tcg,thread=multi,tb-size=256 -cpu max,la57=off,cx16=off -smp 1 -m 2G',
    '-nodefaults -no-user-config -display none -no-reboot',
    `-serial file:${own('console')} -qmp unix:${own('monitor')},server=on,wait=off`,
    `-kernel ${join(image, 'vmlinuz')} -initrd ${join(image, 'initrd.img')}`,
    `-drive if=none,id=disk,file=${own('qcow2')},format=qcow2,cache=unsafe -device virtio-blk-pci,drive=disk`,
    `-drive if=none,id=project,file=${join(directory, 'project.img')},format=raw,readonly=on`,
    '-device virtio-blk-pci,drive=project',
    `-netdev dgram,id=cable,${cable(name, directory)} -device virtio-net-pci,netdev=cable,mac=${mac(name, 0)}`,
    // Port 0: any that is free. Nothing gets out, and in from outside only what comes from this machine to sshd.
    '-netdev user,id=outside,restrict=on,hostfwd=tcp:127.0.0.1:0-:22',
    `-device virtio-net-pci,netdev=outside,mac=${mac(name, 1)}`,
    '-device virtio-rng-pci',
  ];
  const incoming = from === 'image' ? ['-incoming', `exec:cat ${join(image, `${name}.state`)}`] : [];
  return ['qemu-system-x86_64', ...parts.join(' ').split(' '), '-append', command, ...incoming];
}

/** Between the machines, packets go from socket to socket; one whose peer is not there is lost, as on a cable. */
function cable(name: VmName, directory: string): string {
  const peer = vmNames.find((other) => other !== name)!;
  const end = (side: string, of: VmName): string =>
    `${side}.type=unix,${side}.path=${join(directory, `${of}.cable`)}`;
  return `${end('local', name)},${end('remote', peer)}`;
}

function mac(name: VmName, card: number): string {
  return `52:00:0a:4d:0${card}:0${vmNames.indexOf(name) + 1}`;
}
