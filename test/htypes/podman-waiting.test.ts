import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { OciRuntime } from '../../htypes/oci/runtime.ts';
import type { PodmanMeta } from '../../htypes/podman/meta.ts';
import { staticDirectory } from '../../htypes/podman/places.ts';
import { startWaiting } from '../../htypes/podman/waiting.ts';
import type { DriverContext, RunOptions } from '../../src/contracts/context.ts';

test('a podman that neither restores nor ends is not waited for for ever', async (t) => {
  const directory = mkdtempSync('/tmp/phaul-waiting-');
  t.teardown(() => rmSync(directory, { recursive: true }));
  const meta = {
    id: 'f'.repeat(64),
    graphRoot: directory,
    config: { runtime: 'runc' },
    spec: { root: {}, process: {} },
    terminals: [],
  } as unknown as PodmanMeta;
  mkdirSync(staticDirectory(directory, meta.id), { recursive: true });
  const limits: (number | undefined)[] = [];
  const answers = {
    info: {
      host: { conmon: { path: '/conmon' }, ociRuntime: { name: 'runc', path: '/runc' } },
      store: { graphDriverName: 'overlay', graphRoot: directory, runRoot: directory, volumePath: directory },
      version: { Version: '5.4.2' },
    },
  };
  const ctx = {
    directory,
    run: (_: string, args: readonly string[]) =>
      Promise.resolve(JSON.stringify(args.includes('info') ? answers.info : [inspected(meta.id, directory)])),
    // It hangs until its limit.
    attempt: (_: string, __: readonly string[], { limitMs }: RunOptions) => {
      limits.push(limitMs);
      const killed = { exitCode: null, signal: 'SIGKILL', expired: true, stdout: '', stderr: '' };
      return new Promise((resolve) => limitMs !== undefined && setTimeout(resolve, 100, killed));
    },
  } as unknown as DriverContext;
  const runtime = { name: 'runc', root: join(directory, 'runc') } as OciRuntime;
  await t.throwsAsync(startWaiting(meta, runtime, ctx), {
    code: 'DRIVER_FAILED',
    message: 'podman on the target cannot restore the container: it had not done so after 300 s.',
  } as never);
  t.deepEqual(limits, [300_000]);
});

const inspected = (Id: string, directory: string): object => ({
  Id,
  Name: 'web',
  State: { Status: 'exited', Pid: 0 },
  Image: Id,
  ImageName: 'lab',
  Rootfs: '',
  Pod: '',
  StaticDir: directory,
  OCIRuntime: 'runc',
  Driver: 'overlay',
  IsInfra: false,
  GraphDriver: { Data: { WorkDir: join(directory, 'work') } },
  Mounts: [],
  Dependencies: [],
  NetworkSettings: {},
  Config: {},
  HostConfig: {
    NetworkMode: 'none',
    PidMode: '',
    UsernsMode: '',
    Privileged: false,
    AutoRemove: false,
    LogConfig: { Type: 'k8s-file', Path: '' },
  },
});
