import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { largeReads } from '../../src/linux/large-reads.ts';
import { listenDirect } from '../../src/transport/direct.ts';
import { dialDirect } from '../../src/transport/direct-dial.ts';

const address = '127.0.0.1';

/** Both ends of a connection; nobody reads them yet. */
const pairs = {
  'a plain socket': async (t: ExecutionContext): Promise<Duplex[]> => {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, address);
    t.teardown(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const writer = connect({ host: address, port, allowHalfOpen: true });
    const [reader] = (await once(server, 'connection')) as [Socket];
    return [writer, reader];
  },
  'a direct stream': async (t: ExecutionContext): Promise<Duplex[]> => {
    const listener = await listenDirect({ address, port: 0 });
    t.teardown(listener.close);
    const { port, secret } = listener;
    const writer = await dialDirect({ address, port, secret, timeoutMs: 60_000 });
    return [writer, await listener.next()];
  },
};

for (const [name, pair] of Object.entries(pairs))
  test(`${name} is read whole and in order, into one block, also what came before`, async (t) => {
    const [writer, accepted] = (await pair(t)) as [Duplex, Duplex];
    const bytes = randomBytes(5_000_001);
    writer.write(bytes.subarray(0, 1_000_000));
    await pause(50);
    writer.write(bytes.subarray(1_000_000));
    const parts: Buffer[] = [];
    const blocks: ArrayBufferLike[] = [];
    const reader = largeReads(accepted, (chunk) => {
      parts.push(Buffer.from(chunk));
      blocks.push(chunk.buffer);
    });
    reader.write('welcome');
    t.is(String((await once(writer, 'data'))[0]), 'welcome');
    writer.end();
    await once(reader, 'end');
    t.true(Buffer.concat(parts).equals(bytes));
    // The last chunks: those that had come before have blocks of their own.
    t.is(new Set(blocks.slice(-10)).size, 1);
    for (const stream of [writer, reader]) stream.destroy();
  });

for (const [name, pair] of Object.entries(pairs))
  test(`${name} whose other end is gone ends`, async (t) => {
    const [writer, accepted] = (await pair(t)) as [Duplex, Duplex];
    const reader = largeReads(accepted, () => undefined);
    for (const stream of [reader, writer]) stream.on('error', () => undefined);
    // A direct stream is half open then.
    const ended = new Promise((resolve) => reader.on('end', resolve).on('close', resolve));
    writer.write(randomBytes(100_000));
    await pause(20);
    writer.destroy();
    await t.notThrowsAsync(ended);
    reader.destroy();
  });
