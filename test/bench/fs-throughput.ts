import type { Host } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import type { Benchmark, Sample } from './benchmark.ts';
import { sum } from './sum.ts';
import { warmMemory } from './warm-memory.ts';

const from = '/tmp/from';
const to = '/tmp/to';
const sets = Math.ceil(Number(process.env['PHAUL_BENCH_MEBIBYTES'] ?? 1016) / 127);
const mebibytes = sets * 127;

export const fsThroughput = throughput('fs-throughput', 'its defaults', []);
export const fsThroughputGcm = throughput('fs-throughput-gcm', "phaul's cipher", [
  '-c',
  'aes128-gcm@openssh.com',
]);

function throughput(name: string, ssh: string, cipher: readonly string[]): Benchmark {
  return {
    name,
    unit: 'MiB/s',
    description: `how fast ${mebibytes} MiB of files are copied over phaul's own channel; the rival's ssh has ${ssh}`,
    prepare: makeFiles,
    phaul: (lab) => copied(lab, byPhaul),
    rival: (lab) => copied(lab, (a, b) => byRsync(a, b, cipher)),
  };
}

// As large as the files of a database or of a program: their number does not count.
async function makeFiles(lab: Lab): Promise<void> {
  await lab.host('a').sh(`
    mkdir ${from}
    for set in $(seq ${sets}); do for size in 1 2 4 8 16 32 64; do
      head -c "\${size}M" /dev/urandom >${from}/$set-$size
    done; done`);
}

/** The rate at which `copy` copies. It gives the ms that it took, and what `sum` says of what arrived. @throws if that is not all */
async function copied(
  lab: Lab,
  copy: (a: Host, b: Host) => Promise<readonly [ms: number, arrived: string]>,
): Promise<Sample> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  try {
    await warmMemory(b, mebibytes);
    const [ms, arrived] = await copy(a, b);
    if (arrived !== (await a.sh(sum(from)))) throw new Error('not all that was copied arrived');
    return { value: mebibytes / (ms / 1000) };
  } finally {
    await b.run(['rm', '-rf', to]);
  }
}

async function byPhaul(a: Host): Promise<readonly [number, string]> {
  const { stdout } = await a.run(['node', '/opt/phaul/dist/test/bench/fs-channel.js', from, 'b', to]);
  const [ms, arrived = ''] = stdout.trimEnd().split('\n');
  return [Number(ms), arrived];
}

// The connection is open before, as phaul's is.
async function byRsync(a: Host, b: Host, cipher: readonly string[]): Promise<readonly [number, string]> {
  const socket = '/run/rival.ssh';
  await a.run(['ssh', ...cipher, '-M', '-S', socket, '-fN', 'b']);
  try {
    const script = `
      began=$(date +%s%N); rsync -a -e 'ssh -S ${socket}' ${from}/ b:${to}/; echo $((($(date +%s%N) - began) / 1000))`;
    return [Number(await a.sh(script)) / 1000, await b.sh(sum(to))];
  } finally {
    await a.run(['ssh', '-S', socket, '-O', 'exit', 'b']);
  }
}
