// Examines the htype of the OCI runtime that is its argument, on a host that has that. Prints what failed, and on the last line how many checks there were.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crun } from '../../htypes/crun.ts';
import { runc } from '../../htypes/runc.ts';
import { ociConfig } from '../lab/oci-config.ts';
import { examineOnHost, type Lodging } from './on-host.ts';

const sh = (script: string): string => execFileSync('sh', ['-euc', script], { encoding: 'utf8' });
// As the first process of its namespace it hears only what it has asked for.
const program = 'trap "exit 0" TERM; while :; do sleep 0.05; done';
const htype = process.argv[2] === 'crun' ? crun : runc;
const runtime = htype.name;
let count = 0;

/** A container that runs, and the name under which the target's half makes another of the same bundle. */
function start(): Lodging {
  const name = `exam${++count}`;
  const there = `${name}-there`;
  const home = mkdtempSync('/tmp/exam-');
  const data = join(home, 'data');
  const bundle = join(home, 'bundle');
  mkdirSync(data);
  mkdirSync(bundle);
  const config = ociConfig({ id: name, args: ['sh', '-c', program], data });
  const root = { path: '/srv/rootfs-redis', readonly: true };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({ ...config, root }));
  sh(
    `ip netns add ${name}; cd ${bundle}; ${runtime} --log ${home}/log run -d ${name} </dev/null >/dev/null 2>&1`,
  );
  const containers = (): { id: string; status: string }[] =>
    (JSON.parse(sh(`${runtime} list --format json`)) as { id: string; status: string }[] | null) ?? [];
  return {
    name,
    options: { targetId: there },
    runs: () => containers().some(({ id, status }) => id === name && status === 'running'),
    footprint: () => [
      containers().filter(({ id }) => id !== name),
      readFileSync('/proc/self/mounts', 'utf8'),
      sh(`find /sys/fs/cgroup -name '*-there'; ls /run/${runtime}`),
    ],
    restored: ({ after }) => {
      const process = spawn('sleep', ['1000'], { stdio: 'ignore' });
      after(() => process.kill('SIGKILL'));
      return process.pid ?? 0;
    },
    tidy: () => sh(`${runtime} delete --force ${there}`),
    remove: () => sh(`${runtime} delete --force ${name}; ip netns del ${name}`),
  };
}

await examineOnHost(htype, start);
