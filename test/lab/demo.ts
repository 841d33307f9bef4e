// `npm start`: moves Redis from host a to host b while a client on host c works with it, and says what happened.
// Exit code 0 only if the client noticed nothing but a pause.
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from './lab.ts';
import { type MigrationResult, isRunning, migrate } from './migrate.ts';
import { startRedis } from './redis.ts';
import { summary } from './summary.ts';
import { type TrafficReport, startTraffic } from './traffic.ts';

const normalTrafficMs = 2000;
const name = process.env['PHAUL_LAB'] ?? 'demo';

const exitCode = await untilInterrupted(demo);
await Lab.down(name);
process.exit(exitCode); // What an interrupted demonstration was waiting for will not come.

async function demo(): Promise<number> {
  console.log('Bringing up hosts a, b and c (by hand: npm run lab -- --help)');
  const lab = await Lab.up(name);
  const [a, b, c] = [lab.host('a'), lab.host('b'), lab.host('c')];

  console.log('Starting Redis with 64 MiB of data in container ct101 on a, and a client on c');
  await startRedis(a, { mebibytes: 64 });
  const traffic = await startTraffic(c);
  await sleep(normalTrafficMs);

  console.log('On a: phaul migrate --mode live ct101 b');
  const migration = await migrate(a, 'b', 'ct101', { onProgress: (line) => console.error(`  ${line}`) });
  await sleep(normalTrafficMs);
  const report = await traffic.stop();
  const runsOn = { a: await isRunning(a, 'ct101'), b: await isRunning(b, 'ct101') };

  console.log(summary(report, migration, runsOn));
  return asPromised(report, migration, runsOn) ? 0 : 1;
}

function asPromised(
  report: TrafficReport,
  migration: MigrationResult,
  runsOn: { a: boolean; b: boolean },
): boolean {
  return migration.ok && !runsOn.a && runsOn.b && report.errors.length + report.lost + report.doubled === 0;
}

/** Ends early with 130 or 143 on a signal; further signals change nothing, because the lab has to be cleared away. */
async function untilInterrupted(work: () => Promise<number>): Promise<number> {
  let interrupted = false;
  const interruption = new Promise<number>((resolve) => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      process.on(signal, () => {
        if (!interrupted) console.error('Interrupted, clearing the lab away');
        interrupted = true;
        resolve(code);
      });
    }
  });
  const done = work().catch((error: unknown) => {
    if (!interrupted) console.error(error instanceof Error ? error.message : error);
    return 1;
  });
  return Promise.race([done, interruption]);
}
