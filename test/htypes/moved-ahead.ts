import type { ExecutionContext } from 'ava';
import { migrate } from '../lab/migrate.ts';
import { startTraffic } from '../lab/traffic.ts';
import type { VmLab } from '../lab/vm/vm-lab.ts';

const address = '10.77.0.101';

/** Moves a container in which Redis has 32 MiB of data, at 10.77.0.101, from a to b while a client works with it; fails unless its memory went ahead of it and the client lost nothing. */
export async function movedAhead(t: ExecutionContext, lab: VmLab, name: string): Promise<void> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  await a.sh(`until redis-cli -h ${address} PING; do sleep 0.2; done`, { timeoutMs: 60_000 });
  await a.sh(`redis-cli -h ${address} DEBUG POPULATE 32768 filling 1024`, { timeoutMs: 60_000 });
  const traffic = await startTraffic(b, address, 6379, 20);
  // Here it never comes near the limit of a freeze; some iterations show as much as all eight.
  const result = await migrate(a, 'b', name, { args: ['--mode', 'live', '--max-iterations', '3'] });
  if (!result.ok) return void t.fail(JSON.stringify(result.error));
  const [first] = result.iterations;
  t.true(result.iterations.length >= 2 && first !== undefined && first.pages > 32 * 256);
  t.true((result.fill?.pages ?? 0) > 0, 'its memory followed');
  const report = await traffic.stop();
  t.like(report, { errors: [], lost: 0, doubled: 0 });
  t.log(`longest pause of the client: ${report.longestGapMs} ms; it stood still for ${result.freezeMs} ms`);
  t.log(result.acts.map(({ act, ms }) => `${act} ${Math.round(ms)} ms`).join(', '));
}
