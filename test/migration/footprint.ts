import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { Host } from '../lab/host.ts';

/** Everything on a host that a migration could leave behind or take away, one line each, by kind. */
export type Footprint = Readonly<Record<string, readonly string[]>>;

// A process that is just ending has no command line any more ([node]). What vanishes while it is looked at makes find fail. nft and tc also in the containers' namespaces: CRIU's and the device driver's rules live there.
const script = `
section() { echo "== $1"; }
section processes; ps -eo pid=,ppid=,args= | awk -v me=$$ '$1 != me && $2 != me && !/<defunct>/ && $3 !~ /^[[]/ { print $1, $3, $4, $5 }'
section namespaces; ls /run/netns 2>/dev/null || true
section links; ip -br link
section rules; nft list ruleset; tc qdisc
for name in $(ls /run/netns 2>/dev/null || true); do
  ip netns exec $name sh -c 'ip -br link; ip -br addr; ip route; nft list ruleset; tc qdisc' | sed "s/^/$name: /"
done
section mounts; cat /proc/self/mounts
section cgroups; find /sys/fs/cgroup -mindepth 2 -type d || true
section containers; runc list --format json
section state; find /run/phaul /var/lib/phaul /run/runc -mindepth 1 2>/dev/null || true
section files; find / /run /tmp /dev/shm -xdev '(' -path /usr -o -path /srv -o -path /run/phaul -o -path /var/lib/phaul ')' -prune -o -printf '%y %p\\n' || true
find /srv -xdev -type d -printf '%y %p %m %U:%G\\n' -o -printf '%y %p %m %U:%G %s %T@\\n' || true`;

/** Made by the first use of a tool and kept: CRIU's cache, what is remembered of migrations that have ended (and nothing else beside it), empty parents, init's list of logins. */
const ignored =
  /^(d|f) (\/run\/(criu\.kdat|utmp)|\/var\/log\/phaul(\/totals\.json|\/[a-z0-9-]+-(source|target)(\/(events\.jsonl|end\.json|((pre-)?dump(-\d+)?|restore)\.log))?)?|\/run\/(runc|netns|phaul))$|^\S+ \/run\/netns \S+|^d \/srv /;

// The session of a connection that broke ends when TCP has noticed, and phaul's own processes on a host may outlive the migration that they belonged to.
const toRest = `
pkill -KILL -x sshd-session || true
while pgrep -x sshd-session >/dev/null || pgrep -f '[m]ain\\.js (migrate|service|recover|check)' >/dev/null; do sleep 0.02; done`;

/** Waits until nothing of a migration before is about to end any more. @throws if that takes longer than a minute */
export async function untilAtRest(host: Host): Promise<void> {
  await host.sh(toRest, { timeoutMs: 60_000 });
}

/** What is there then. */
export async function footprintAtRest(host: Host): Promise<Footprint> {
  await untilAtRest(host);
  return footprint(host);
}

/** What is there now. The traffic of a client must not be part of it: that belongs on another host. */
export async function footprint(host: Host): Promise<Footprint> {
  const sections = (await host.sh(script)).split(/^== /m).slice(1);
  return Object.fromEntries(
    sections.map((text) => {
      const [kind = '', ...lines] = text.trimEnd().split('\n');
      return [kind, lines.filter((line) => !ignored.test(line)).sort()];
    }),
  );
}

// What ends by itself when its connection is gone (sshd's session, the target's undoing) may take a moment.
const patienceMs = 60_000;

/** Waits until the host is as it was, and fails with the difference if that does not happen. */
export async function isAsBefore(
  t: ExecutionContext,
  host: Host,
  before: Footprint,
  view: (whole: Footprint) => Footprint = (whole) => whole,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = difference(view(before), view(await footprint(host)));
    if (found.length === 0 || Date.now() > deadline) {
      t.deepEqual(found, [], `host ${host.name} is not as before`);
      return;
    }
    await sleep(100);
  }
}

/** Without what another start of ct101, and its work in its data directory, change. */
export function restartable(whole: Footprint): Footprint {
  const { processes = [], containers = [], files = [], ...others } = whole;
  return {
    ...others,
    processes: processes.map((line) => line.replace(/^\d+ /, '')).sort(),
    containers: containers.map((line) => line.replaceAll(/"(pid|created)":("[^"]*"|\d+),?/g, '')),
    files: files.filter((line) => !line.includes(' /srv/ct101-data/')),
  };
}

/** What there is of these kinds now and was not before. */
export async function newOn(host: Host, before: Footprint, ...kinds: string[]): Promise<string[]> {
  const now = await footprint(host);
  return kinds.flatMap((kind) => (now[kind] ?? []).filter((line) => !before[kind]?.includes(line)));
}

/** What was not there before, and what is there no more. */
export function difference(before: Footprint, after: Footprint): string[] {
  return Object.entries(after).flatMap(([kind, lines]) => {
    const old = before[kind] ?? [];
    return [
      ...lines.filter((line) => !old.includes(line)).map((line) => `new ${kind}: ${line}`),
      ...old.filter((line) => !lines.includes(line)).map((line) => `no more ${kind}: ${line}`),
    ];
  });
}
