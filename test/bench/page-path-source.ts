// The source's side of phaul's page path, on a host: node page-path-source.js FILE MEBIBYTES PORT [SECRET]
// Feeds it as page-feed.py does. With a secret (hex) it goes over a direct connection, otherwise over plain TCP.
// Prints one line of JSON: for how many ms it sent, until the target had stored all; its own peak resident memory in MB.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { fixedCompression } from '../../src/pages/compression.ts';
import { pace } from '../../src/pages/pace.ts';
import { pageSource } from '../../src/pages/source.ts';
import { dialDirect } from '../../src/transport/direct-dial.ts';
import { peakMegabytes } from './peak-megabytes.ts';

const [file = '', mebibytes = '', port, secret] = process.argv.slice(2);
const address = '127.0.0.1';
const feeder = '/opt/phaul/test/bench/page-feed.py';

const source = pageSource(await open(Number(port)), 32, {
  compression: fixedCompression('raw'),
  zstd: null,
  pace: pace(null),
});
source.begin(1);
const criuEnd = source.criuEnd();
spawn('python3', [feeder, file, mebibytes], { stdio: [criuEnd, 'ignore', 'inherit'] });
closeSync(criuEnd);
const { sendMs: ms } = await source.stored(1);
console.log(JSON.stringify({ ms, peak: peakMegabytes() }));
source.end();

async function open(to: number): Promise<Duplex> {
  if (secret !== undefined)
    return dialDirect({ address, port: to, secret: Buffer.from(secret, 'hex'), timeoutMs: 5000 });
  const stream = connect({ host: address, port: to, noDelay: true });
  await once(stream, 'connect');
  return stream;
}
