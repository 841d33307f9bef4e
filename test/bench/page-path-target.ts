// The target's side of phaul's page path, on a host: node page-path-target.js DIRECTORY plain|direct
// Stores in the directory what page-path-source.js sends. Prints lines of JSON: where it listens; when all is stored, its peak
// resident memory in MB. Ends when it is killed, for the source has to get its answer.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { receivePages } from '../../src/pages/receive.ts';
import { pageStore } from '../../src/pages/store.ts';
import { listenDirect } from '../../src/transport/direct.ts';
import { peakMegabytes } from './peak-megabytes.ts';

const [directory = '', kind] = process.argv.slice(2);
const address = '127.0.0.1';

const stream = await (kind === 'direct' ? direct() : plain());
await receivePages(stream, pageStore(directory), null).stored(1);
say({ peak: peakMegabytes() });

async function plain(): Promise<Duplex> {
  const server = createServer({ pauseOnConnect: true, noDelay: true }).listen(0, address);
  await once(server, 'listening');
  say({ port: (server.address() as AddressInfo).port });
  const [socket] = (await once(server, 'connection')) as [Socket];
  return socket;
}

async function direct(): Promise<Duplex> {
  const { port, secret, next } = await listenDirect({ address, port: 0 });
  say({ port, secret: secret.toString('hex') });
  return next();
}

function say(what: object): void {
  console.log(JSON.stringify(what));
}
