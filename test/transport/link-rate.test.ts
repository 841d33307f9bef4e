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

/**
 * Lets 4 MiB through in each second, the first `burst` bytes at once, for the command for the target to read. By the clock: on a busy machine what it has not let through
 * in time it lets through later.
 */
const link = (burst = 0): string => `exec ${process.execPath} -e '
  const { spawn } = require("node:child_process");
  const target = spawn("sh", ["-c", process.argv[1]], { stdio: ["pipe", "inherit", "inherit"] });
  target.stdin.on("error", () => {});
  target.on("exit", () => process.exit());
  let [due, then] = [${burst}, null];
  const pass = () => {
    const now = performance.now();
    due = Math.min(due + ((now - (then ?? now)) / 1000) * 2 ** 22, 2 ** 20);
    then = now;
    const part = process.stdin.read(Math.min(Math.floor(due), process.stdin.readableLength));
    if (part) due -= part.length;
    if (part) target.stdin.write(part);
  };
  process.stdin.once("readable", () => setInterval(pass, 2));
  process.stdin.on("end", () => process.exit());' "$last"`;

function isThatOfTheLink(t: ExecutionContext, rate: number | null): void {
  t.true(rate !== null && rate > 2 ** 20 && rate < 2 ** 23, String(rate));
}

test.serial('the rate is that of the link', async (t) => {
  fakeSsh(t, link());
  isThatOfTheLink(t, await measured(100, false));
});

test.serial('a first burst that goes through more quickly is not the rate', async (t) => {
  fakeSsh(t, link(2 ** 18));
  for (const enoughMs of [1, 500]) isThatOfTheLink(t, await measured(enoughMs, false));
});

test.serial(
  'beside other work it is known as well, but not while phaul itself keeps the processor busy',
  async (t) => {
    fakeSsh(t, link());
    // Where others keep it busy it takes a while.
    let rate = await measured();
    while (rate === null) rate = await measured();
    isThatOfTheLink(t, rate);
    const busy = setInterval(() => {
      const until = performance.now() + 100;
      while (performance.now() < until);
    }, 5);
    t.teardown(() => clearInterval(busy));
    // The connection breaks before it could be done.
    fakeSsh(t, link().replace('target.stdin.on(', 'setTimeout(process.exit, 1500); target.stdin.on('));
    t.is(await measured(40), null);
  },
);

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
