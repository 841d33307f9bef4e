import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { protocolVersion } from '../../src/rpc/methods.ts';
import { bundled } from '../bundle.ts';

test('a stream that the source has closed, which raises SIGPIPE, does not end the session; a hang-up does', async (t) => {
  const service = spawn(process.execPath, [bundled('src/cli/main'), 'service', '--stdio']);
  t.teardown(() => service.kill('SIGKILL'));
  const lines = createInterface(service.stdout)[Symbol.asyncIterator]();
  t.is((await lines.next()).value, 'phaul-rpc');
  service.kill('SIGPIPE');
  await sleep(200);
  const params = { protocol: protocolVersion, phaul: '0.1.0', migration: 'aaaaaaaa-1' };
  service.stdin.write(`${JSON.stringify({ id: 1, method: 'hello', params })}\n`);
  const answer = async (): Promise<Record<string, unknown>> => {
    const frame = JSON.parse((await lines.next()).value as string) as Record<string, unknown>;
    return frame['notice'] === undefined ? frame : answer();
  };
  t.like(await answer(), { id: 1, result: { protocol: protocolVersion } });
  service.kill('SIGHUP');
  t.deepEqual(await once(service, 'exit'), [0, null]);
});
