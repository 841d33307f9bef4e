import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { parseDestination } from '../../src/transport/destination.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import type { Transport } from '../../src/transport/transport.ts';

const home = mkdtempSync('/tmp/phaul-ssh-');
test.after.always(() => rmSync(home, { recursive: true }));
const path = process.env['PATH'] ?? '';

/** Starts the transport with a program in the place of ssh that writes down its arguments and then does as told. */
function start(
  t: ExecutionContext,
  dest: string,
  script: string,
  accept = false,
): Transport & { args: () => string[] } {
  const directory = mkdtempSync(join(home, 'run-'));
  const program = join(directory, 'ssh');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" >${directory}/args\n${script}\n`);
  chmodSync(program, 0o755);
  process.env['PATH'] = `${directory}:${path}`;
  const options = { migration: 'aaaaaaaa-1', directory, acceptNewHostKey: accept };
  const transport = connectSsh(parseDestination(dest), options);
  process.env['PATH'] = path;
  t.teardown(transport.close);
  return { ...transport, args: () => readFileSync(join(directory, 'args'), 'utf8').trim().split('\n') };
}

test('the destination comes last, behind the end of options', async (t) => {
  const transport = start(t, 'root@hostb:2222', '');
  await transport.closed;
  const args = transport.args();
  t.deepEqual(args.slice(args.indexOf('-p')), [
    '-p',
    '2222',
    '-l',
    'root',
    '--',
    'hostb',
    'phaul service --stdio',
  ]);
});

test("the user's ssh configuration decides what is not said", async (t) => {
  const transport = start(t, 'hostb', '');
  await transport.closed;
  const args = transport.args();
  for (const option of ['-p', '-l', '-F', '-i']) t.false(args.includes(option), option);
});

test('an unknown host key is only accepted when that is said; it never asks', async (t) => {
  for (const [accept, setting] of [
    [false, 'StrictHostKeyChecking=yes'],
    [true, 'StrictHostKeyChecking=accept-new'],
  ] as const) {
    const transport = start(t, 'hostb', '', accept);
    await transport.closed;
    t.true(transport.args().includes(setting));
    t.true(transport.args().includes('BatchMode=yes'));
  }
});

test('the rpc channel is the standard input and output of the program', async (t) => {
  const { rpc } = start(t, 'hostb', 'exec cat');
  rpc.output.write('hello\n');
  t.is(String((await once(rpc.input, 'data'))[0]), 'hello\n');
});

test('why it ended is what ssh said last, however much it said before', async (t) => {
  const talk = "head -c 100000 /dev/zero | tr '\\0' x >&2; echo >&2";
  const { closed } = start(t, 'hostb', `${talk}; echo 'Host key verification failed.' >&2; exit 255`);
  t.like(await closed, { code: 'SSH_HOST_KEY', details: { logLine: 'Host key verification failed.' } });
});

test('writing to a connection that is gone harms nobody', async (t) => {
  const { rpc, closed } = start(t, 'hostb', 'exit 255');
  await closed;
  for (let i = 0; i < 10; i++) rpc.output.write('x'.repeat(100_000));
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.is((await closed).code, 'LINK_LOST');
});

test('closing ends the program, twice without harm', async (t) => {
  const { closed, close } = start(t, 'hostb', 'exec sleep 1000');
  close();
  close();
  t.is((await closed).code, 'LINK_LOST');
});

test('a machine without ssh says so', async (t) => {
  process.env['PATH'] = '/nonexistent';
  const options = { migration: 'aaaaaaaa-1', directory: home, acceptNewHostKey: false };
  const { closed } = connectSsh({ host: 'hostb' }, options);
  process.env['PATH'] = path;
  t.is((await closed).code, 'TOOL_MISSING');
});

test('a stream is paused when it comes: not a byte of it is read', async (t) => {
  const { openMem, openFs } = connectNowhere(t);
  await t.throwsAsync(openFs(0), { code: 'SSH_FORWARDING' }, 'where ssh does not listen');
  const server = createServer((far) => far.end('pages')).listen(join(home, 'mem'));
  t.teardown(() => server.close());
  await once(server, 'listening');
  const stream = await openMem();
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.is(stream.bytesRead, 0);
  t.is(String((await once(stream.resume(), 'data'))[0]), 'pages');
  t.true(existsSync(join(home, 'mem')));
});

function connectNowhere(t: ExecutionContext): Transport {
  const transport = connectSsh(
    { host: '127.0.0.1', port: 9 },
    { migration: 'aaaaaaaa-1', directory: home, acceptNewHostKey: false },
  );
  t.teardown(transport.close);
  return transport;
}
