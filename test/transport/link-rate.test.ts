import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

async function measured(enoughMs = 100, beside = true): Promise<number | null> {
  const gauge = gaugeLink(login, { enoughMs, beside });
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
  for (const enoughMs of [1, 500]) {
    const rate = (await measured(enoughMs, false)) ?? 0;
    t.true(rate > 2 ** 19 && rate < 17 * 2 ** 20, String(rate));
  }
});

test.serial('nothing is known while phaul itself keeps the processor busy', async (t) => {
  // The target reads some of it, and then the connection breaks.
  const some = 'echo; for n in 262144 1048576 4194304; do head -c $n >/dev/null; echo; done';
  fakeSsh(t, slowly.replace('sh -c "$last"', `{ ${some}; kill 0; }`));
  t.true(((await measured(40)) ?? 0) > 2 ** 19);
  const busy = setInterval(() => {
    const until = performance.now() + 20;
    while (performance.now() < until);
  }, 5);
  t.teardown(() => clearInterval(busy));
  t.is(await measured(40), null);
  t.true(((await measured(40, false)) ?? 0) > 2 ** 16, 'unless it has nothing else to do than that');
});

test.serial('what is sent is what a shell on the target reads', async (t) => {
  fakeSsh(t, 'exec sh -c "$last"');
  t.true(((await measured(100, false)) ?? 0) > 2 ** 20);
});

test.serial('beside a preflight no more than 21 MiB is sent, however quick the link is', async (t) => {
  const count = join(mkdtempSync('/tmp/phaul-rate-'), 'count');
  t.teardown(() => rmSync(dirname(count), { recursive: true }));
  // Of what is answered at once no portion is long enough.
  const answering = `echo; n=262144; while [ "$(head -c $n | wc -c)" = $n ]; do echo $n >>${count}; echo; n=$((4 * n)); done`;
  fakeSsh(t, answering);
  await measured(10_000);
  t.is(readFileSync(count, 'utf8'), '262144\n1048576\n4194304\n16777216\n');
});

test.serial('a login that fails, or breaks in the middle, gives no rate', async (t) => {
  fakeSsh(t, 'exit 255');
  t.is(await measured(), null);
  fakeSsh(t, 'echo; head -c 100000 >/dev/null; exit 255');
  t.is(await measured(), null);
});

test.serial('too little that was measured is not a rate', async (t) => {
  // Portions are answered at once, of which none takes long enough, and then none any more.
  fakeSsh(t, 'echo; for n in 262144 1048576; do head -c $n >/dev/null; echo; done; exit 255');
  t.is(await measured(10_000), null);
});

test.serial('who stops it early gets nothing that is not known well', async (t) => {
  // The first portion is answered, and never another.
  fakeSsh(t, 'echo; head -c 262144 >/dev/null; echo; exec sleep 100');
  const gauge = gaugeLink(login, { enoughMs: 1, beside: false });
  await sleep(500);
  gauge.stop();
  await gauge.done;
  t.is(gauge.rate(), null);
});
