import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { linkRate } from '../../src/transport/link-rate.ts';

const login = { acceptNewHostKey: false };

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

const measured = (signal = new AbortController().signal): Promise<number | null> =>
  linkRate({ host: 'hostb', user: 'root', port: 2222 }, login, signal);

test.serial('the rate is that of the link', async (t) => {
  fakeSsh(t, 'echo; while [ $(head -c 262144 | wc -c) -gt 0 ]; do sleep 0.02; done');
  const rate = (await measured()) ?? 0;
  // 256 KiB in each 20 ms, at most.
  t.true(rate > 2 ** 19 && rate < 14 * 2 ** 20, String(rate));
});

test.serial('what is sent is what a shell on the target reads to its end', async (t) => {
  fakeSsh(t, 'exec sh -c "$last"');
  t.true(((await measured()) ?? 0) > 2 ** 20);
});

test.serial('a login that fails, or breaks in the middle, gives no rate', async (t) => {
  fakeSsh(t, 'exit 255');
  t.is(await measured(), null);
  fakeSsh(t, 'echo; head -c 1000000 >/dev/null; exit 255');
  t.is(await measured(), null);
});

test.serial('an abort ends it at once', async (t) => {
  fakeSsh(t, 'echo; exec sleep 100');
  const aborter = new AbortController();
  setTimeout(() => aborter.abort(), 200);
  const began = performance.now();
  t.is(await measured(aborter.signal), null);
  t.true(performance.now() - began < 5000);
});
