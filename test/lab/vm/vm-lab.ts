import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { favour, processesOf, removeCgroups } from '../cgroups.ts';
import { withLock } from '../lock.ts';
import { labName, stateDirectory } from '../paths.ts';
import { ensureImage, makeDisk, vmCacheDirectory } from './image.ts';
import { type VmName, vmNames } from './machine.ts';
import { startMachine } from './power.ts';
import { makeProjectDrive } from './project-drive.ts';
import { settle } from './settle.ts';
import { VmHost } from './vm-host.ts';

/** PIDs of the machines' QEMUs, recorded when a lab is completely up. */
type Record = { readonly [machine in VmName]: number };

/**
 * Two hosts a and b on one network, which are virtual machines with Debian's own kernel: it tracks written memory, so
 * there CRIU can pre-dump. They compute ten to twenty times slower than this machine. Otherwise it is like Lab.
 */
export class VmLab {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /**
   * Brings up a fresh lab in some seconds; whatever is left of an earlier one of the same name, complete or not,
   * running or not, is cleared away first.
   */
  static up(name = labName()): Promise<VmLab> {
    return locked(async () => {
      const image = await ensureImage();
      await clearAway(name);
      try {
        await bringUp(name, image);
        return new VmLab(name);
      } catch (error) {
        await clearAway(name);
        throw error;
      }
    });
  }

  /** The lab that is up, or undefined if it is not completely there. */
  static find(name = labName()): VmLab | undefined {
    const record = readRecord(name);
    // A PID of the record that is not in its cgroup belongs to some other process by now.
    const complete = record && vmNames.every((vm) => processesOf(labId(name), vm).includes(record[vm]));
    return complete ? new VmLab(name) : undefined;
  }

  /** Clears a lab away: processes, cgroups, files. Does no harm where there is none. */
  static down(name = labName()): Promise<void> {
    return locked(() => clearAway(name));
  }

  down(): Promise<void> {
    return VmLab.down(this.name);
  }

  host(name: VmName): VmHost {
    const lab = labId(this.name);
    return new VmHost({ lab, name, directory: stateDirectory(lab) });
  }
}

/** What a lab's cgroups and its directory are called: no lab of the other kind can have such a name. */
export function labId(name: string): string {
  return `vm.${name}`;
}

/** Under a lock of their own: an image takes long to build, and labs of the other kind need not wait for that. */
function locked<T>(work: () => Promise<T>): Promise<T> {
  return withLock(work, vmCacheDirectory);
}

async function bringUp(name: string, image: string): Promise<void> {
  const directory = stateDirectory(labId(name));
  mkdirSync(directory, { recursive: true });
  await makeProjectDrive(labId(name), directory);
  const pids = await Promise.all(
    vmNames.map(async (vm) => {
      const machine = { lab: labId(name), name: vm, image, directory };
      await makeDisk(machine, join(image, `${vm}.qcow2`), 'qcow2');
      const pid = await startMachine(machine, 'image');
      await settle(machine);
      return [vm, pid] as const;
    }),
  );
  // Emulated processors are slow enough.
  favour(labId(name));
  writeFileSync(recordPath(name), JSON.stringify(Object.fromEntries(pids)));
}

async function clearAway(name: string): Promise<void> {
  rmSync(recordPath(name), { force: true });
  await removeCgroups(labId(name));
  rmSync(stateDirectory(labId(name)), { recursive: true, force: true });
}

function recordPath(name: string): string {
  return join(stateDirectory(labId(name)), 'up.json');
}

function readRecord(name: string): Record | undefined {
  try {
    return JSON.parse(readFileSync(recordPath(name), 'utf8')) as Record;
  } catch {
    return undefined;
  }
}
