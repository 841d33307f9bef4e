import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { placeOf, serveMetrics } from '../../src/metrics/server.ts';
import { main } from '../cli/phaul.ts';
import { strictly } from './strict.ts';

for (const [text, host, port] of [
  ['9784', '127.0.0.1', 9784],
  [':9784', '127.0.0.1', 9784],
  ['10.0.0.1:80', '10.0.0.1', 80],
  ['hosta:80', 'hosta', 80],
  ['[::1]:0', '::1', 0],
] as const)
  test(`--listen ${text} is ${host}, port ${port}`, (t) => {
    t.deepEqual(placeOf(text), { host, port });
  });

for (const text of ['', 'hosta', '1.2.3.4:', '99999', '::1:80', '[::1]', 'x:y:80', '-1'])
  test(`--listen ${text} is refused`, (t) => {
    t.throws(() => placeOf(text), { code: 'USAGE' });
  });

test('a taken port is said', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as { port: number };
  const none = new AbortController().signal;
  await t.throwsAsync(
    serveMetrics({ host: '127.0.0.1', port }, none, () => undefined),
    {
      code: 'USAGE',
      message: `phaul cannot listen on 127.0.0.1, port ${port}: EADDRINUSE.`,
    },
  );
});

test('phaul metrics --listen answers until SIGTERM, and only what it is there for', async (t) => {
  const child = spawn(process.execPath, [main, 'metrics', '--listen', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [said] = (await once(child.stderr, 'data')) as [Buffer];
  const url = said.toString().trim();
  t.regex(url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  const [got, head, elsewhere, posted] = await Promise.all([
    fetch(url),
    fetch(url, { method: 'HEAD' }),
    fetch(url.replace('/metrics', '/')),
    fetch(url, { method: 'POST', body: 'x' }),
  ]);
  t.is(got.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  t.true(strictly(await got.text()).has('phaul_migrations_open{side="source"}'));
  t.deepEqual([got.status, head.status, elsewhere.status, posted.status], [200, 200, 404, 405]);
  t.is(await head.text(), '');
  child.kill('SIGTERM');
  t.deepEqual(await once(child, 'exit'), [0, null]);
});
