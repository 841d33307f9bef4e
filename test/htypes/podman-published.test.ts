import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { publishedTaken } from '../../htypes/podman/published.ts';
import type { PodmanMeta } from '../../htypes/podman/meta.ts';

/** Somebody waits at a port of this host's. @returns its number */
async function takenPort(t: ExecutionContext, address: string): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** As podman's config.dump has it. */
const meta = (mapping: object, networks = ['podman']): PodmanMeta =>
  ({ config: { newPortMappings: [mapping] }, networks }) as unknown as PodmanMeta;

const published = (host_port: number, more: object = {}): object => ({
  host_ip: '',
  container_port: 80,
  host_port,
  range: 1,
  protocol: 'tcp',
  ...more,
});

test('a port that podman is to publish and that somebody has is refused, and who has it is said', async (t) => {
  const port = await takenPort(t, '127.0.0.1');
  const [refusal, ...more] = await publishedTaken(meta(published(port)));
  t.deepEqual(more, []);
  t.like(refusal, { code: 'PORT_TAKEN', host: 'target' });
  t.regex(
    refusal?.message ?? '',
    new RegExp(`port 80 of the container at port ${port} \\(tcp\\).* \\(pid ${process.pid}\\) has`),
  );
});

test('so is one in the middle of a range, one of UDP, and one at the same address', async (t) => {
  const port = await takenPort(t, '127.0.0.1');
  // Beside that port there may be one of somebody else's.
  const inRange = await publishedTaken(meta(published(port - 2, { range: 4 })));
  t.regex(
    inRange.map(({ message }) => message).join('\n'),
    new RegExp(`port 82 of the container at port ${port} `),
  );
  t.is((await publishedTaken(meta(published(port, { host_ip: '127.0.0.1' })))).length, 1);
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => void socket.close());
  t.is((await publishedTaken(meta(published(socket.address().port, { protocol: 'udp' })))).length, 1);
});

test('what is free, at another address, or not published is none', async (t) => {
  const port = await takenPort(t, '127.0.0.1');
  t.deepEqual(await publishedTaken(meta(published(port, { host_ip: '127.0.0.2' }))), []);
  t.deepEqual(await publishedTaken(meta(published(port, { protocol: 'udp' }))), []);
  t.deepEqual(await publishedTaken(meta(published(port), [])), []);
  t.deepEqual(await publishedTaken({ config: {}, networks: ['podman'] } as unknown as PodmanMeta), []);
  t.deepEqual(await publishedTaken(meta({ host_port: 'x' })), []);
});
