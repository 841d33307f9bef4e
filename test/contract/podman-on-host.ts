// Examines the htype podman, on a host that has podman. Prints what failed, and on the last line how many checks there were.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { arrivals, arrivingLayer, arrivingLog, arrivingShm } from '../../htypes/podman/places.ts';
import { podman } from '../../htypes/podman/podman.ts';
import type { Json } from '../../src/contracts/context.ts';
import type { HType } from '../../src/contracts/htype.ts';
import { image } from '../lab/podman.ts';
import { examineOnHost, type Lodging } from './on-host.ts';

const sh = (script: string): string => execFileSync('sh', ['-euc', script], { encoding: 'utf8' });
// As the first process of its namespace it hears only what it has asked for.
const program = 'trap "exit 0" TERM; while :; do sleep 0.05; done';
let count = 0;

const otherId = (id: string): string => createHash('sha256').update(id).digest('hex');

/** With both halves on one host, where podman cannot have two containers of one ID: on its way the container gets another one, wherever it is named. */
const oneHost: HType = {
  ...podman,
  source: async (name, options, ctx) => {
    const half = await podman.source(name, options, ctx);
    const { trees, meta } = half.description;
    const { id } = meta as { id: string };
    const renamed = (text: string): string => text.replaceAll(id, otherId(id));
    return {
      ...half,
      description: {
        ...half.description,
        trees: trees.map((tree) => ({ ...tree, target: renamed(tree.target) })),
        meta: JSON.parse(renamed(JSON.stringify(meta))) as Json,
      },
    };
  },
  // Files come before, and go when they are not wanted after all: that is the fs drivers' part.
  target: (description, ctx) => {
    const half = podman.target(description, ctx);
    const { graphRoot, id, log } = description.meta as { graphRoot: string; id: string; log: string | null };
    const came = arrivals(graphRoot, id);
    return {
      ...half,
      prepare: async (mode, again) => {
        for (const directory of [arrivingLayer(graphRoot, id), arrivingShm(graphRoot, id)])
          mkdirSync(directory, { recursive: true });
        if (log !== null) writeFileSync(arrivingLog(graphRoot, id), '');
        await half.prepare?.(mode, again);
      },
      abort: async () => {
        await half.abort();
        rmSync(came, { recursive: true, force: true });
        // Unless others are on their way.
        spawnSync('rmdir', [dirname(came)]);
      },
    };
  },
};

/** A container that runs, and the name under which the target's half makes another of the same image. */
function start(): Lodging {
  const name = `exam${++count}`;
  const there = `${name}-there`;
  const data = mkdtempSync('/tmp/data-');
  const id = sh(
    `podman run -d --name ${name} --network none -v ${data}:/data ${image} sh -c '${program}' </dev/null`,
  ).trim();
  const remove = (which: string): void => void sh(`podman rm --force --time 0 --ignore ${which}`);
  const inspected = (): string[] =>
    sh("podman ps --all --no-trunc --format '{{.ID}} {{.Names}} {{.State}}'").trim().split('\n');
  return {
    name,
    options: { targetId: there },
    runs: () => inspected().includes(`${id} ${name} running`),
    footprint: () => [
      inspected().filter((line) => !line.startsWith(id)),
      readFileSync('/proc/self/mounts', 'utf8'),
      sh(`
        ls -A /var/lib/containers/storage /var/lib/containers/storage/overlay-containers /run/runc
        ls -A /var/lib/containers/storage/overlay; podman volume ls
        find /sys/fs/cgroup -name '*${otherId(id)}*'; ps -eo args | grep -e '${otherId(id)}' | grep -v grep || :`),
    ],
    opaque: ['config', 'spec', 'networkStatus'],
    // A process of podman's own is in that place: see src/testing/play-criu.ts.
    restored: () => 0,
    tidy: () => remove(there),
    remove: () => remove(name),
  };
}

await examineOnHost(oneHost, start);
