import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { gaugeLink } from '../../src/transport/link-rate.ts';

/** A program in the place of ssh, to which `$last` is the command for the target. */
function fakeSsh(t: ExecutionContext, script: string): void {
  const home = mkdtempSync('/tmp/phaul-rate-');
  writeFileSync(join(home, 'ssh'), `#!/bin/sh\nfor last; do :; done\n${script}\n`);
  chmodSync(join(home, 'ssh'), 0o755);
  const path = process.env['PATH'];
  process.env['PATH'] = `${home}:${path}`;
  t.teardown(() => {
    process.env['PATH'] = path;
    rmSync(home, { recursive: true });
  });
}

const login = ['-p', '2222', '--', 'hostb'];

async function measured(enoughMs = 100): Promise<number | null> {
  const gauge = gaugeLink(login, enoughMs);
  await gauge.done;
  return gauge.rate();
}

// 64 KiB in each 5 ms, at most: a quarter of the smallest portion at once; then the command for the target reads it.
const slowly =
  '{ while sleep 0.005; [ "$(head -c 65536 | tee /dev/fd/3 | wc -c)" -gt 0 ]; do :; done; } 3>&1 >/dev/null | sh -c "$last"';

test.serial('the rate is that of the link', async (t) => {
  fakeSsh(t, slowly);
  const rate = (await measured()) ?? 0;
  t.true(rate > 2 ** 19 && rate < 17 * 2 ** 20, String(rate));
});

test.serial('a first burst that goes through more quickly is not the rate', async (t) => {
  fakeSsh(t, slowly.replace('{ while', '{ head -c 262144 >&3; while'));
  const rate = (await measured(500)) ?? 0;
  t.true(rate > 2 ** 19 && rate < 17 * 2 ** 20, String(rate));
});

test.serial('what is sent is what a shell on the target reads', async (t) => {
  fakeSsh(t, 'exec sh -c "$last"');
  t.true(((await measured()) ?? 0) > 2 ** 20);
});

test.serial('a login that fails, or breaks in the middle, gives no rate', async (t) => {
  fakeSsh(t, 'exit 255');
  t.is(await measured(), null);
  fakeSsh(t, 'echo; head -c 100000 >/dev/null; exit 255');
  t.is(await measured(), null);
});

test.serial('who stops it early gets what is known by then', async (t) => {
  // The first portion is answered, and never another.
  fakeSsh(t, 'echo; head -c 262144 >/dev/null; echo; exec sleep 100');
  const gauge = gaugeLink(login, 1e6);
  while (gauge.rate() === null) await sleep(10);
  gauge.stop();
  await gauge.done;
  t.true((gauge.rate() ?? 0) > 0);
});
