import type { Host } from '../lab/host.ts';

/** What page-writer.py reports at its end. */
export interface WriterReport {
  readonly longestGapMs: number;
  /** When it began, milliseconds since the epoch. */
  readonly longestGapAt: number;
  readonly writes: number;
  /** Pages whose contents were not what they had been. */
  readonly errors: number;
}

// Named by PID: on a host that the process comes to, nothing of an earlier one may be taken for its own.
const ready = (pid: number): string => `/srv/page-writer-${pid}.ready`;
const report = (pid: number): string => `/srv/page-writer-${pid}.report`;
// CRIU needs the PID to be free on the target too: far above those that the hosts' own processes get.
let nextPid = 20_000;

/** Starts page-writer.py on a host; returns its PID when its memory is full and it writes. */
export async function startWriter(
  host: Host,
  mebibytes: number,
  megabytesPerSecond: number,
): Promise<number> {
  const pid = (nextPid += 10);
  const args = [mebibytes, megabytesPerSecond, ready(pid), report(pid)].join(' ');
  await host.sh(`
    cd /
    echo ${pid - 1} >/proc/sys/kernel/ns_last_pid
    setsid python3 /opt/phaul/test/bench/page-writer.py ${args} </dev/null >/dev/null 2>&1 &
    [ $! = ${pid} ]`);
  await appears(host, ready(pid));
  return pid;
}

/** Ends it on the host that it runs on by now. */
export async function stopWriter(host: Host, pid: number): Promise<WriterReport> {
  await host.run(['kill', String(pid)]);
  await appears(host, report(pid));
  return JSON.parse(await host.read(report(pid))) as WriterReport;
}

async function appears(host: Host, path: string): Promise<void> {
  // In an emulated machine half a gibibyte takes a while, and looking often would take the processor from whoever fills it.
  await host.sh(`until [ -e ${path} ]; do sleep 0.05; done`, { timeoutMs: 120_000 });
}
