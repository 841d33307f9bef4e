import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hierarchies } from '../lab/cgroups.ts';

/** The largest that the kernel takes, for cgroup v1 and v2. */
const shares = { 'cpu.shares': '262144', 'cpu.weight': '10000' };

/** Gives a lab that is up precedence over whatever else runs on the machine, whose work would be measured with it. */
export function takePrecedence(lab: string): void {
  for (const { mountPoint } of hierarchies()) {
    for (const [file, share] of Object.entries(shares)) {
      const path = join(mountPoint, `phaul-lab-${lab}`, file);
      if (existsSync(path)) writeFileSync(path, share);
    }
  }
}
