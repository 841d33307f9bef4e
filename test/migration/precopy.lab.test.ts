// What pre-dumps do: they need a kernel that tracks written memory, and so virtual machines.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type WriterReport, startWriter, stopWriter } from '../bench/process.ts';
import { createContainer, ct101, removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import { isRunning, migrate } from '../lab/migrate.ts';
import { projectDirectory } from '../lab/paths.ts';
import { activeScope, scope, units } from '../lab/systemd.ts';
import { VmLab } from '../lab/vm/vm-lab.ts';

// The machines are slow, and slower yet while this one is busy.
const patienceMs = 6 * 60_000;

let lab: VmLab;
test.before(async (t) => {
  t.timeout(patienceMs); // It may have to build the machines' image.
  lab = await VmLab.up();
});
test.after.always(() => VmLab.down());

/** 200 pages. */
const megabytesPerSecond = 0.8;

/**
 * Moves a page writer from a to b; fails if its memory did not go ahead of it, and only what it had written since in the end, or if it was not seen beforehand how
 * quickly it writes. @param tracked somebody has tracked its memory before
 */
async function moves(
  t: ExecutionContext,
  container: string,
  mebibytes: number,
  tracked: boolean,
): Promise<void> {
  t.timeout(patienceMs);
  const result = await migrate(lab.host('a'), 'b', container);
  if (!result.ok) return t.fail(JSON.stringify(result.error));
  const { iterations } = result;
  t.true((result.predictedFreezeMs ?? 0) > 0, 'a freeze was expected');
  t.true((result.fill?.pages ?? 0) >= mebibytes * 128, 'most of it followed');
  const [first, second] = iterations;
  t.true(iterations.length >= 2 && first !== undefined && second !== undefined);
  t.true(first!.pages >= mebibytes * 256, 'the first takes everything');
  t.is(first!.skippedPages, 0);
  t.true(second!.pages < first!.pages / 2, JSON.stringify(iterations));
  t.true(second!.skippedPages > first!.pages / 2, JSON.stringify(iterations));
  const inFreeze = result.pages - iterations.reduce((sum, round) => sum + round.pages, 0);
  t.true(inFreeze < first!.pages / 4, `${inFreeze} pages were left for the freeze`);
  const precopyMs = iterations.reduce((sum, round) => sum + round.roundMs, 0);
  t.true(result.freezeMs < precopyMs, 'it stood still for the smaller part');
  const { estimate } = result;
  t.is(estimate?.writtenAtLeast, tracked);
  // Where the machine is busy the writer is slow, and a program writes other pages, too.
  const megabytes = (estimate?.writtenPerSecond ?? 0) / 1e6;
  if (!tracked) t.true(megabytes > 0 && megabytes < megabytesPerSecond * 4, `${megabytes} MB/s`);
  // Nothing is said where the link could not be measured well.
  const { memory, freezeMs, bytesPerSecond } = estimate ?? {};
  t.true(bytesPerSecond === null || ((memory ?? 0) >= mebibytes * 2 ** 20 && (freezeMs ?? 0) > 0));
}

/** Fails if a page is not what the writer last wrote, or if it did not write on. */
function isWhole(t: ExecutionContext, { errors, writes }: WriterReport): void {
  t.is(errors, 0);
  t.true(writes > 0);
}

test.serial('a process that writes moves ahead of itself, and finds all of its memory', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const pid = await startWriter(a, 32, megabytesPerSecond);
  t.timeout(patienceMs);
  const impossible = ['--downtime-limit', '1', '--on-no-convergence', 'fail', '--max-iterations', '2'];
  const refused = await migrate(a, 'b', String(pid), { args: impossible });
  t.is(refused.ok ? null : refused.error.code, 'NO_CONVERGENCE');
  t.like(refused, { error: { sourceState: 'running' } });
  t.is(await b.sh('ls /run/phaul'), '', 'nothing is left of it there');
  await moves(t, String(pid), 32, true);
  t.is(await a.sh(`ps -o args= -p ${pid} || true`), '');
  t.regex(await b.sh(`ps -o args= -p ${pid}`), /page-writer/);
  isWhole(t, await stopWriter(b, pid));
});

test.serial('a runc container that writes does so too, into a scope of systemd’s', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const program = readFileSync(join(projectDirectory, 'test/bench/page-writer.py'), 'utf8');
  const writer = ['16', String(megabytesPerSecond), '/data/ready', '/data/report'];
  const args = ['python3', '-c', program, ...writer];
  await createContainer(a, { ...ct101, args, scope: 'oci', memory: 300 * 2 ** 20 });
  await appears(a, '/srv/ct101-data/ready');
  await moves(t, 'ct101', 16, false);
  t.deepEqual([await isRunning(a, 'ct101'), await units(a)], [false, '']);
  const { pid, status } = JSON.parse(await b.sh('runc state ct101')) as { pid: number; status: string };
  t.is(status, 'running');
  t.deepEqual(await scope(b, 'oci-ct101.scope', pid), activeScope(300 * 2 ** 20));
  await b.sh('runc kill ct101 TERM');
  await appears(b, '/srv/ct101-data/report');
  isWhole(t, JSON.parse(await b.read('/srv/ct101-data/report')) as WriterReport);
  await removeContainer(b, 'ct101');
  t.is(await units(b), '');
});

async function appears(host: Host, path: string): Promise<void> {
  await host.sh(`until [ -e ${path} ]; do sleep 0.1; done`, { timeoutMs: 60_000 });
}
