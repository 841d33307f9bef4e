import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { pageServer } from '../../src/service/page-server.ts';
import { fakeCriu } from '../criu/fake-criu.ts';

/** The pid of a process that has ended like that, and whose parent does not ask. */
async function ended(t: ExecutionContext, code: number): Promise<number> {
  const parent = spawn('sh', ['-c', `(sleep 0.1; exit ${code}) & echo $!; exec sleep 1000`]);
  t.teardown(() => parent.kill('SIGKILL'));
  const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
  return Number(pid);
}

/** Two ends of a stream. */
async function streams(t: ExecutionContext, directory: string): Promise<[Socket, Socket]> {
  const path = join(directory, 'mem');
  const server = createServer({ pauseOnConnect: true }).listen(path);
  t.teardown(() => void server.close());
  await once(server, 'listening');
  const far = connect(path);
  const [near] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => void far.destroy());
  return [near, far];
}

async function take(t: ExecutionContext, code: number): Promise<{ far: Socket; failures: string[] }> {
  const images = mkdtempSync('/tmp/phaul-service-');
  t.teardown(() => rmSync(images, { recursive: true }));
  const { path: criuPath } = fakeCriu(t, {
    PAGE_SERVER_CHLD: { reply: { ps: { pid: await ended(t, code) } } },
  });
  const [near, far] = await streams(t, images);
  const failures: string[] = [];
  const onFailure = ({ message }: Error): void => void failures.push(message);
  const server = await pageServer(near, { criuPath, images, migration: 'x', autoDedup: false, onFailure });
  t.teardown(server.end);
  await server.take(1, null);
  return { far, failures };
}

test('a page server that fails ends the stream: nobody would read it any more', async (t) => {
  const { far, failures } = await take(t, 1);
  far.resume();
  await once(far, 'end');
  t.deepEqual(failures, ["CRIU's page server failed."]);
});

test('one that has taken all pages leaves the stream to the next', async (t) => {
  const { far, failures } = await take(t, 0);
  far.resume();
  const pause = new AbortController();
  t.teardown(() => pause.abort());
  const first = await Promise.race([
    once(far, 'end', { signal: pause.signal }).then(() => 'end'),
    new Promise((resolve) => setTimeout(resolve, 800, 'open')),
  ]);
  t.is(first, 'open');
  t.deepEqual(failures, []);
});
