import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Mode } from '../../src/acts.ts';
import type { NamespaceHost } from '../lab/namespace-host.ts';

/** A birth of the witness, and when it was seen alive on one host, in ns since the epoch: the hosts share that clock. */
export interface Run {
  readonly host: string;
  readonly born: bigint;
  readonly first: bigint;
  readonly last: bigint;
}

const run = promisify(execFile);

/** Where and when the witness (workload.ts) has run on a host. */
export async function runsOn(host: NamespaceHost): Promise<Run[]> {
  const file = join(host.root, 'run/witness');
  const { stdout } = await run('getfattr', ['--absolute-names', '-d', '-m', '^user\\.', file]);
  const times = new Map(
    [...stdout.matchAll(/^user\.(first|last)\.(\d+)="(\d+)"$/gm)].map(([, which, born, time]) => [
      `${which} ${born}`,
      BigInt(time ?? 0),
    ]),
  );
  const births = [...times.keys()].flatMap((key) => (key.startsWith('last ') ? [key.slice(5)] : []));
  return births.map((born) => {
    const last = times.get(`last ${born}`) ?? 0n;
    return { host: host.name, born: BigInt(born), first: times.get(`first ${born}`) ?? last, last };
  });
}

/**
 * Where two of them ran at the same time; or, in live mode, where it ran on after it had run elsewhere, which cannot be without two.
 * @param runs of all hosts
 */
export function overlaps(runs: readonly Run[], mode: Mode): string[] {
  const inOrder = [...runs].sort((one, other) => Number(one.first - other.first));
  const wrong = inOrder.flatMap((run, index) => {
    const before = inOrder[index - 1];
    return before && before.last >= run.first
      ? [`it ran twice at a time: ${told(before)}, ${told(run)}`]
      : [];
  });
  const births = new Set(runs.map(({ born }) => born));
  return mode === 'live' && births.size > 1 ? [...wrong, `it was born ${births.size} times`] : wrong;
}

const ms = (time: bigint): string => (Number(time / 1000n) / 1000).toFixed(3);
const told = ({ host, first, last }: Run): string => `on ${host} from ${ms(first)} to ${ms(last)}`;
