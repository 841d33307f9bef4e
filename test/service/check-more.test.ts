import { once } from 'node:events';
import { writeFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { kernelLacks, lastReason } from '../../src/criu/kernel-check.ts';
import { hasModule } from '../../src/linux/kernel-module.ts';
import { missingFlags } from '../../src/service/check.ts';
import { portsTaken } from '../../src/service/ports.ts';
import { parseCpuFlags } from '../../src/linux/cpu-flags.ts';
import { stage } from './stage.ts';

const port = async (t: { teardown: (undo: () => void) => void }, host?: string): Promise<number> => {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as { port: number }).port;
};

test('a port that somebody has on the target is refused, with who that is', async (t) => {
  const taken = await port(t);
  const found = await portsTaken([{ protocol: 'tcp', address: '127.0.0.1', port: taken }]);
  t.is(found.length, 1);
  t.like(found[0], { code: 'PORT_TAKEN', host: 'target' });
  t.regex(
    found[0]?.message ?? '',
    new RegExp(`port ${taken} \\(tcp\\) .* \\(pid ${process.pid}\\) has on the target`),
  );
});

test('a port of another protocol or address is free', async (t) => {
  const taken = await port(t, '127.0.0.1');
  const free = [
    { protocol: 'udp', address: '0.0.0.0', port: taken },
    { protocol: 'tcp', address: '127.0.0.2', port: taken },
  ] as const;
  t.deepEqual(await portsTaken(free), []);
  t.is((await portsTaken([{ protocol: 'tcp', address: '::', port: taken }])).length, 1);
});

test('the target says what it is asked and no more, and when', async (t) => {
  const s = stage(t);
  await s.upTo('hello');
  const taken = await port(t);
  const ports = [{ protocol: 'tcp', address: '0.0.0.0', port: taken }] as const;
  const before = Date.now();
  const { refusals, more } = await s.call.check(
    s.check({ more: { cpuFlags: [], ports: [...ports], files: [], thorough: false } }),
  );
  t.deepEqual(
    refusals.map(({ code }) => code),
    ['PORT_TAKEN'],
  );
  t.true(more !== undefined && before <= more.received && more.received <= more.answered);
});

test('what a CPU lacks is named', (t) => {
  t.is(missingFlags(['fpu', 'avx2', 'vaes'], ['fpu']), 'avx2, vaes');
  t.is(missingFlags(['fpu'], ['fpu', 'avx2']), 'something');
  const many = Array.from({ length: 11 }, (_, index) => `f${index}`);
  t.is(missingFlags(many, []), 'f0, f1, f2, f3, f4, f5, f6, f7 and 3 more');
  t.deepEqual(parseCpuFlags('processor\t: 0\nflags\t\t: fpu vme\nbugs\t\t: x\n'), ['fpu', 'vme']);
});

test('what CRIU says about the kernel is passed on', async (t) => {
  const home = mkdtempSync('/tmp/phaul-kernel-');
  t.teardown(() => rmSync(home, { recursive: true }));
  const criu = join(home, 'criu');
  const says = (script: string): void => {
    writeFileSync(criu, `#!/bin/sh\n[ "$*" = check ] || exit 9\n${script}\n`);
    chmodSync(criu, 0o755);
  };
  says(
    "echo 'Error (criu/cr-check.c:149): /proc/<pid>/map_files directory is missing.' >&2; echo Does not look good.; exit 1",
  );
  t.is(await kernelLacks(criu), '/proc/<pid>/map_files directory is missing.');
  says('echo Looks good.');
  t.is(await kernelLacks(criu), null);
  t.is(lastReason('(00.001) Warn  (x:1): no\n(00.002) Error (y:2): one\n(00.003) Error (z:3): two\n'), 'two');
  t.is(lastReason('Segmentation fault\n'), 'Segmentation fault');
});

test('a module of the kernel is known by its name', async (t) => {
  t.not(await hasModule('no_such_module'), true);
});
