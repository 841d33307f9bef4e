// Examines the htype lxc, on a host that has LXC. Prints what failed, and on the last line how many checks there were.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lxc } from '../../htypes/lxc/lxc.ts';
import { lxcConfig } from '../lab/lxc-config.ts';
import { examineOnHost, type Lodging } from './on-host.ts';

const sh = (script: string): string => execFileSync('sh', ['-euc', script], { encoding: 'utf8' });
// As the first process of its namespace it hears only what it has asked for.
const program = `/bin/sh -c "trap 'exit 0' PWR; while :; do sleep 0.05; done"`;
let count = 0;

/** A container that runs, and the name under which the target's half makes another of the same files. */
function start(): Lodging {
  const name = `exam${++count}`;
  const there = `${name}-there`;
  const directory = join('/var/lib/lxc', name);
  const data = mkdtempSync('/tmp/data-');
  mkdirSync(directory);
  const mounts = [`${data} data none bind,create=dir 0 0`];
  writeFileSync(
    join(directory, 'config'),
    lxcConfig({ name, rootfs: '/srv/rootfs-redis', command: program, mounts, bridge: 'br0' }),
  );
  const end = (which: string): void =>
    void sh(`
      lxc-stop -k -n ${which} 2>/dev/null || :; lxc-wait -n ${which} -s STOPPED -t 10 || :; rm -rf /var/lib/lxc/${which}`);
  sh(`lxc-start -n ${name}`);
  const states = (): string[] => sh('lxc-ls -f -F NAME,STATE').trim().split('\n');
  return {
    name,
    options: { targetId: there },
    runs: () => states().some((line) => line.trim().split(/\s+/).join(' ') === `${name} RUNNING`),
    footprint: () => [
      states().filter((line) => !line.startsWith(`${name} `)),
      readFileSync('/proc/self/mounts', 'utf8'),
      sh(
        "ls -A /var/lib/lxc; find /sys/fs/cgroup -name '*-there*'; ls /run/lxc; ps -eo args | grep -e '-there$' || :",
      ),
      sh("ip -o link | sed 's/^[0-9]*: //'"),
    ],
    // A process of LXC's own is in that place: see src/testing/play-criu.ts.
    restored: () => 0,
    tidy: () => end(there),
    remove: () => end(name),
  };
}

await examineOnHost(lxc, start);
