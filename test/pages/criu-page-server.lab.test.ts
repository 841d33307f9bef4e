// phaul's way of pages held against CRIU's own page server: one dump, through both.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { seal } from '../../src/pages/seal.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { readPagemap } from './read-pagemap.ts';
import { replay } from './replay.ts';

const here = import.meta.dirname;
const hugePages = '/proc/sys/vm/nr_hugepages';
const seed = process.env['PHAUL_SEED'] ?? '1';

let lab: Lab;
let hugePagesBefore: string;
test.before(async () => {
  hugePagesBefore = readFileSync(hugePages, 'utf8');
  lab = await Lab.up();
  const program = join(lab.host('a').root, 'usr/local/bin/tree');
  execFileSync('gcc', ['-O1', '-static', '-pthread', '-o', program, join(here, 'tree.c')]);
});
test.after.always(async () => {
  writeFileSync(hugePages, hugePagesBefore);
  await Lab.down();
});

/** Starts a tree with an IPC namespace of its own (CRIU dumps SysV memory with that only), gives its pid when its memory is made. */
async function startTree(host: Host, kind: string): Promise<string> {
  return host.sh(`
    rm -f /run/ready
    setsid unshare --ipc tree ${kind} ${seed} /run/ready </dev/null >/dev/null 2>/run/tree.log & pid=$!
    until [ -e /run/ready ]; do kill -0 $pid || { cat /run/tree.log >&2; exit 1; }; sleep 0.01; done
    echo $pid`);
}

/** Dumps it once, over a recorder to CRIU's page server: in /run/dump what CRIU wrote itself, in /run/server its page server, in /run/said and /run/answered the record. */
const dump = (pid: string): string => `
  cd /run; rm -rf dump server server.pid said answered listening; mkdir dump server
  criu page-server -D server --address 127.0.0.1 --port 9001 -v4 -o log --daemon --pidfile /run/server.pid
  trap 'kill $(cat server.pid) $recorder 2>/dev/null || true' EXIT
  python3 /opt/phaul/test/pages/record.py 9000 9001 said answered >listening & recorder=$!
  until grep -qs listening listening; do sleep 0.01; done
  criu dump -t ${pid} -D dump --page-server --address 127.0.0.1 --port 9000 --leave-running -v4 -o log ||
    { tail -n 20 dump/log >&2; exit 1; }
  wait $recorder`;

async function sameAsCriu(t: ExecutionContext, kind: string): Promise<void> {
  const a = lab.host('a');
  const pid = await startTree(a, kind);
  const ours = mkdtempSync('/tmp/phaul-replay-');
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'phaul-test', ours]);
    await a.sh(dump(pid));
    const run = join(a.root, 'run');
    const { owned, answers, sent } = await replay(join(run, 'said'), ours);
    t.deepEqual(answers, readFileSync(join(run, 'answered')), 'CRIU gets the same answers');
    for (const image of readdirSync(join(run, 'dump')).filter((name) => name.startsWith('mm-')))
      copyFileSync(join(run, 'dump', image), join(ours, image));
    seal(ours, owned, false);
    const theirs = join(run, 'server');
    t.deepEqual(pagemaps(ours), pagemaps(theirs));
    let pages = 0;
    for (const name of pagemaps(theirs)) {
      const [mine, criu] = [readPagemap(ours, name), readPagemap(theirs, name)];
      t.deepEqual(joined(mine.entries), joined(criu.entries), name);
      t.true(mine.contents.equals(criu.contents), `the pages of ${name}`);
      pages += criu.contents.length / 4096;
    }
    t.is(sent.pages, pages, 'and no page came twice');
    t.true(pages > 0);
  } finally {
    execFileSync('umount', ['-l', ours]);
    rmSync(ours, { recursive: true });
    await a.sh('pkill -KILL -x tree');
  }
}

const pagemaps = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.startsWith('pagemap-'))
    .map((name) => name.replace('.img', ''))
    .sort();

/** Entries, where neighbours that are alike are one. */
function joined(entries: readonly { page: number; count: number; flags: number }[]): string[] {
  const list: { page: number; count: number; flags: number }[] = [];
  for (const each of entries) {
    const last = list.at(-1);
    if (last && last.flags === each.flags && last.page + last.count === each.page) last.count += each.count;
    else list.push({ ...each });
  }
  return list.map(({ page, count, flags }) => `${page} ${count} ${flags}`);
}

for (const [kind, title] of [
  ['tiny', 'a process that has next to nothing'],
  ['threads', 'a process with threads'],
  ['forks', 'parents and children that share pages until they write them'],
  ['shared', 'shared memory: anonymous, SysV and a memfd'],
  ['vmas', 'ten thousand mappings'],
  ['sparse', 'a large mapping of which little is there, half of that zero'],
  ['odd', 'mappings whose sizes are no multiples of any block'],
] as const)
  test.serial(`a dump of ${title} is the same as from CRIU's own page server`, (t) => sameAsCriu(t, kind));

test.serial("a dump of huge pages is the same as from CRIU's own page server", async (t) => {
  writeFileSync(hugePages, String(Number(hugePagesBefore) + 4));
  t.true(Number(readFileSync(hugePages, 'utf8')) > Number(hugePagesBefore), 'the machine has some to give');
  await sameAsCriu(t, 'huge');
});
