// Connections that are being made when the container is about to be frozen.
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { SourceDevice } from '../../src/contracts/device.ts';
import { ip, type Lan, makeLan, sourceOf } from './lan.ts';
import { startCaller, startFarewell, startGreeter } from './tcp.ts';

async function stage(t: ExecutionContext): Promise<{ lan: Lan; source: SourceDevice }> {
  const lan = makeLan();
  t.teardown(lan.remove);
  return { lan, source: await sourceOf(lan) };
}

for (const [family, address] of [
  ['IPv4', '10.78.0.2'],
  ['IPv6', 'fd78::2'],
] as const)
  test.serial(
    `right before the freeze nobody connects over ${family} any more, until an abort`,
    async (t) => {
      const { lan, source } = await stage(t);
      await startGreeter(t, lan.container);
      const early = startCaller(t, lan.names.client, address);
      early.speak();
      // So the server has accepted it.
      await early.heard(2);
      await source.quiet?.({ connections: true });
      const late = startCaller(t, lan.names.client, address);
      // Long enough for one that need not ask twice.
      await sleep(500);
      early.speak();
      t.deepEqual([await early.heard(3), late.lines], [['connected', 'hello', 'hello'], []]);
      const given = performance.now();
      await source.abort();
      await late.heard(1);
      t.log(`connected ${performance.now() - given} ms after the abort`);
      late.speak();
      t.deepEqual(await late.heard(2), ['connected', 'hello']);
      t.deepEqual(lan.said, []);
    },
  );

test.serial('a connection that nobody accepts cannot move, and is there afterwards', async (t) => {
  const { lan, source } = await stage(t);
  const greeter = await startGreeter(t, lan.container);
  greeter.stall();
  const waiting = startCaller(t, lan.names.client, '10.78.0.2');
  await waiting.heard(1);
  await t.throwsAsync(async () => source.quiet?.({ connections: true }), {
    code: 'CONNECTIONS_WAITING',
    message: 'The container does not accept the connections that wait for it: 1 at port 7778.',
  } as never);
  await source.abort();
  const another = startCaller(t, lan.names.client, '10.78.0.2');
  t.deepEqual(await another.heard(1), ['connected']);
});

test.serial('where connections do not move anyway, one that nobody accepts is not waited for', async (t) => {
  const { lan, source } = await stage(t);
  (await startGreeter(t, lan.container)).stall();
  const waiting = startCaller(t, lan.names.client, '10.78.0.2');
  await waiting.heard(1);
  await source.quiet?.({ connections: false });
  t.deepEqual(lan.said, []);
  const late = startCaller(t, lan.names.client, '10.78.0.2');
  // Who comes now comes to the target.
  await late.asked();
  t.deepEqual(late.lines, []);
  await source.abort();
  t.deepEqual(await late.heard(1), ['connected']);
});

test.serial('an abort succeeds though the container has ended meanwhile, and its link with it', async (t) => {
  const { lan, source } = await stage(t);
  await startGreeter(t, lan.container);
  await source.quiet?.({ connections: true });
  const caller = startCaller(t, lan.names.client, '10.78.0.2');
  await caller.asked();
  ip('link', 'delete', 'dev', lan.names.end);
  await source.abort();
  t.regex(lan.said.join(), /^log: What came meanwhile is lost/);
});

test.serial(
  'what a process has closed, and its client does not receive, keeps nobody waiting for long, and is said',
  async (t) => {
    const { lan, source } = await stage(t);
    const server = await startFarewell(t, lan.container);
    const client = startCaller(t, lan.names.client, '10.78.0.2', 7779);
    await client.heard(1);
    await server.closed;
    await source.quiet?.({ connections: true });
    t.regex(
      lan.said.join(),
      /^warn: The container has closed a connection whose other end has not received everything yet/,
    );
    await source.abort();
  },
);
