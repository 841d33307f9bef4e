import { deferred } from '../../src/deferred.ts';
import type { Host } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import type { Benchmark, Sample } from './benchmark.ts';
import { warmMemory } from './warm-memory.ts';

const mebibytes = 1024;
/** Of random bytes, which are sent again and again: more than the processor's caches hold. */
const fileMebibytes = 64;
const file = '/run/page-path.random';
const directory = '/run/page-path';
const bench = '/opt/phaul/dist/test/bench';

export const pagePath = pagePathBenchmark('page-path', 'plain');
export const pagePathTls = pagePathBenchmark('page-path-tls', 'direct');

function pagePathBenchmark(name: string, kind: 'plain' | 'direct'): Benchmark {
  const over = kind === 'plain' ? 'TCP' : 'a direct connection (TLS)';
  return {
    name,
    unit: 'MiB/s',
    partsUnit: 'MB',
    description: `how fast ${mebibytes} MiB go through phaul's page path alone, over ${over} on one host; the rival is CRIU's page server`,
    prepare: async (lab) => {
      await lab.host('a').sh(`head -c ${fileMebibytes}M /dev/urandom >${file}`);
    },
    phaul: (lab) => passed(lab, (host) => byPhaul(host, kind)),
    rival: (lab) => passed(lab, byCriu),
  };
}

/** The rate at which `pass` stores the memory in the directory; it gives the ms that it took. @throws if that is not what is there then */
async function passed(lab: Lab, pass: (host: Host) => Promise<Passed>): Promise<Sample> {
  const host = lab.host('a');
  await host.sh(`mkdir ${directory}; [ $(stat -f -c %T ${directory}) = tmpfs ]`);
  try {
    await warmMemory(host, mebibytes);
    const { ms, parts = {} } = await pass(host);
    await host.sh(`
      cd ${directory}; [ $(stat -c %s pages-*.img) = ${mebibytes << 20} ]
      for at in $(seq 0 ${fileMebibytes} ${mebibytes - 1}); do
        cmp -n ${fileMebibytes << 20} -i $((at << 20)):0 pages-*.img ${file}
      done`);
    return { value: mebibytes / (ms / 1000), parts };
  } finally {
    await host.run(['rm', '-rf', directory]);
  }
}

type Passed = { readonly ms: number; readonly parts?: Readonly<Record<string, number>> };

async function byPhaul(host: Host, kind: string): Promise<Passed> {
  const listens = deferred<readonly string[]>();
  const target = host.spawn(['node', `${bench}/page-path-target.js`, directory, kind], {
    check: false,
    onLine: (line, stream) => {
      if (stream === 'stderr') return;
      const { port, secret } = JSON.parse(line) as { port: number; secret?: string };
      listens.resolve([String(port), ...(secret === undefined ? [] : [secret])]);
    },
  });
  const ended = target.result.then(({ stdout, stderr }) => {
    listens.reject(new Error(`page-path-target.js has ended\n${stderr}`));
    return stdout;
  });
  try {
    const where = await listens.promise;
    const feed = ['node', `${bench}/page-path-source.js`, file, String(mebibytes), ...where];
    const { ms, peak: source } = JSON.parse((await host.run(feed)).stdout) as { ms: number; peak: number };
    // It said so before it answered the source.
    target.kill();
    const { peak } = JSON.parse((await ended).trimEnd().split('\n').at(-1) ?? '') as { peak: number };
    return { ms, parts: { source, target: peak } };
  } finally {
    target.kill();
    await ended;
  }
}

// It forks into the background when it listens, and ends by itself after one dump.
async function byCriu(host: Host): Promise<Passed> {
  const port = 9876;
  await host.sh(
    `criu page-server -d -D ${directory} --address 127.0.0.1 --port ${port} -o log </dev/null >/dev/null 2>&1`,
  );
  const feed = ['python3', '/opt/phaul/test/bench/page-feed.py', file, String(mebibytes), String(port)];
  return { ms: Number((await host.run(feed)).stdout) };
}
