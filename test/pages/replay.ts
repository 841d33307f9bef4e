import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { connect, createServer, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { fixedCompression } from '../../src/pages/compression.ts';
import { pace } from '../../src/pages/pace.ts';
import { receivePages } from '../../src/pages/receive.ts';
import { pageSource } from '../../src/pages/source.ts';
import { type Owned, pageStore } from '../../src/pages/store.ts';

/**
 * Says to phaul what a CRIU (with headers of 32 bytes) said once, all of it, and lets it go the whole way: page socket, channel, store.
 * @param said a file with CRIU's bytes
 * @param directory where the store lays its files
 */
export async function replay(
  said: string,
  directory: string,
): Promise<{ owned: readonly Owned[]; answers: Buffer; sent: { pages: number; bytes: number } }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const out = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [stream] = (await once(server, 'connection')) as [Socket];
  const source = pageSource(out, 32, { compression: fixedCompression('raw'), zstd: null, pace: pace(null) });
  const criu = new Socket({ fd: source.criuEnd(), readable: true, writable: true });
  const store = pageStore(directory);
  const target = receivePages(stream, store, null);
  const answers: Buffer[] = [];
  criu.on('data', (answer: Buffer) => answers.push(answer));
  try {
    source.begin(1);
    await pipeline(createReadStream(said), criu, { end: false });
    await Promise.all([source.stored(1), target.stored(1)]);
    return { owned: store.owned(), answers: Buffer.concat(answers), sent: source.sent() };
  } finally {
    source.end();
    target.end();
    criu.destroy();
    server.close();
  }
}
