// The source's side of one first copy over phaul's own fs channel, on a host: node fs-channel.js SOURCE HOST TARGET
// Prints how long the driver took, in ms, and the word that `sum` makes of what is on the target then. Leaves nothing there.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { fsDriverNamed } from '../../src/contracts/registry.ts';
import { driverContext } from '../../src/driver-context.ts';
import { caller } from '../../src/rpc/caller.ts';
import { protocolVersion } from '../../src/rpc/methods.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { version } from '../../src/version.ts';
import { sum } from './sum.ts';

const [source = '', host = '', target = ''] = process.argv.slice(2);
const migration = `bench-${process.pid}`;
const directory = await mkdtemp('/run/phaul-bench-');
const transport = connectSsh({ host }, { migration, directory, acceptNewHostKey: false });
const nothing = (): void => undefined;
const rpc = caller({
  ...transport.rpc,
  onLog: nothing,
  onFilling: nothing,
  whyClosed: () => transport.closed,
});
const driver = await fsDriverNamed('rsync');
const trees = [{ source, target, without: [] }];
try {
  await rpc.call('hello', { protocol: protocolVersion, phaul: version, migration });
  // A container that never comes: the service wants to hear of one.
  const meta = {
    bundle: target,
    networkNamespace: null,
    mountsFiles: false,
    systemd: false,
    cgroupMounts: [],
  };
  const { refusals } = await rpc.call('check', {
    mode: 'revive',
    api: driver.apiVersion,
    container: { htype: 'runc', id: 'bench', trees: [], needs: [], meta },
    fs: [{ driver: driver.name, trees }],
    devices: [],
    source: 'bench',
    skipCriuCheck: true,
    cpuinfo: null,
    memory: 0,
    force: false,
    imagePath: null,
  });
  if (refusals.length > 0) throw new Error(refusals.map(({ message }) => message).join(' '));
  await rpc.call('begin', {
    shellJob: false,
    tcp: 'keep',
    lazy: false,
    zstd: false,
    dataPort: null,
    start: false,
    keepImages: false,
  });
  const aborter = new AbortController();
  const half = driver.source(
    trees,
    driverContext(directory, aborter.signal, () => undefined),
  );
  const began = performance.now();
  await half.sync(() => transport.openFs(0), { final: false, mapped: [] });
  console.log(performance.now() - began);
  console.log(execFileSync('ssh', [host, sum(target)], { encoding: 'utf8' }).trim());
  aborter.abort();
  await rpc.call('abort', {});
} finally {
  rpc.close();
  transport.close();
  await rm(directory, { recursive: true, force: true });
}
