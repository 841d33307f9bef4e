import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { Host } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { labName, projectDirectory } from '../lab/paths.ts';

/** What both hosts and the test see: a directory of the project's, made writable on the hosts. */
const inProject = `node_modules/.cache/phaul-stand-in-${labName()}`;
const here = join(projectDirectory, inProject);

/** As the settings name it: the example of docs/devices.md, after the step's disturbance, if there is one. */
const program = `#!/bin/sh
for argument; do case $argument in --step=*) step=\${argument#*=};; esac; done
echo "$*" >>/run/calls
if [ -e "/run/disturb/$step" ]; then . "/run/disturb/$step"; fi
exec /opt/phaul/docs/examples/phaul-drbd "$@"
`;

const settings =
  '[devices.drbd]\ncommand = "/usr/local/lib/phaul-drbd"\ncontainers = ["ct101"]\ntime-limit = ';

/** The disturbances: shell text by the program's step, or by the command of drbdadm (`primary` when it has its effect, `secondary` before). */
export interface Disturbance {
  readonly on: 'a' | 'b';
  readonly at: 'begin' | 'transfer' | 'undo' | 'check' | 'primary' | 'secondary';
  readonly how: string;
}

/** DRBD without DRBD: a resource ct101 that is primary on a, and the settings for it on a and b. */
export interface Drbd {
  readonly reset: (timeLimit?: number) => Promise<void>;
  readonly disturb: (disturbance: Disturbance) => Promise<void>;
  readonly calm: () => Promise<void>;
  /** What has happened so far: `HOST primary` or `HOST secondary`. */
  readonly log: () => string[];
  readonly happened: (line: string) => Promise<void>;
  readonly roles: () => Record<'a' | 'b', string>;
  /** Fails if both hosts have ever been primary. */
  readonly neverTwo: (t: ExecutionContext) => void;
  readonly remove: () => void;
}

export async function standInDrbd(lab: Lab): Promise<Drbd> {
  const hosts = [lab.host('a'), lab.host('b')];
  rmSync(here, { recursive: true, force: true });
  for (const { name } of hosts) mkdirSync(join(here, name), { recursive: true });
  const settle = (host: Host, timeLimit: number): Promise<string> =>
    host.sh(
      `mkdir -p /etc/phaul; printf '%s' '${settings}${timeLimit}' >/etc/phaul/phaul.toml; rm -rf /run/disturb /run/calls; mkdir /run/disturb`,
    );
  for (const host of hosts) {
    await host.sh(`mkdir /run/stand-in; mount --bind /opt/phaul/${inProject} /run/stand-in; mount -o remount,bind,rw /run/stand-in
      ln -s /opt/phaul/test/devices/stand-in/drbdadm /usr/local/sbin/drbdadm`);
    await host.write('/usr/local/lib/phaul-drbd', program);
    await host.sh('chmod 755 /usr/local/lib/phaul-drbd');
  }
  const log = (): string[] => readFileSync(join(here, 'log'), 'utf8').split('\n').filter(Boolean);
  const calm = async (): Promise<void> => {
    for (const host of hosts) {
      await host.sh('rm -rf /run/disturb/*');
      for (const command of ['primary', 'secondary', 'cstate'])
        rmSync(join(here, host.name, command), { force: true });
    }
  };
  return {
    reset: async (timeLimit = 20) => {
      await calm();
      for (const host of hosts) await settle(host, timeLimit);
      for (const file of ['two', 'log']) rmSync(join(here, file), { force: true });
      writeFileSync(join(here, 'log'), '');
      writeFileSync(join(here, 'a/role'), 'Primary\n');
      writeFileSync(join(here, 'b/role'), 'Secondary\n');
    },
    disturb: async ({ on, at, how }) => {
      if (at === 'primary' || at === 'secondary') writeFileSync(join(here, on, at), how);
      else await lab.host(on).write(`/run/disturb/${at}`, how);
    },
    calm,
    log,
    happened: async (line) => {
      for (let tries = 0; !log().includes(line); tries++) {
        if (tries > 3000) throw new Error(`${line} has not happened, but ${log().join(', ')}`);
        await sleep(20);
      }
    },
    roles: () => {
      const [a = '', b = ''] = hosts.map(({ name }) => readFileSync(join(here, name, 'role'), 'utf8').trim());
      return { a, b };
    },
    neverTwo: (t) => t.false(existsSync(join(here, 'two')), 'both hosts were primary at once'),
    remove: () => rmSync(here, { recursive: true, force: true }),
  };
}

/** Fails unless ct101 comes to work on that host, with its device, and neither is on the other. */
export async function worksOn(
  t: ExecutionContext,
  lab: Lab,
  drbd: Drbd,
  on: 'a' | 'b',
  patienceMs = 60_000,
): Promise<void> {
  const [host, other] = on === 'a' ? [lab.host('a'), lab.host('b')] : [lab.host('b'), lab.host('a')];
  const count = (): Promise<string> => host.sh('cat /srv/ct101-data/count || true');
  const deadline = Date.now() + patienceMs;
  for (let before = ''; ; before = await count()) {
    await sleep(200);
    if ((await isRunning(host, 'ct101')) && before !== '' && (await count()) !== before) break;
    if (Date.now() > deadline) {
      t.fail(
        `ct101 does not work on ${on}; ${drbd.log().join(', ')}\n${await host.sh('phaul status; runc list; ps ax')}`,
      );
      break;
    }
  }
  t.false(await isRunning(other, 'ct101'));
  t.deepEqual(drbd.roles(), on === 'a' ? { a: 'Primary', b: 'Secondary' } : { a: 'Secondary', b: 'Primary' });
  drbd.neverTwo(t);
}
