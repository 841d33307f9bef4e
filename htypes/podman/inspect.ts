import * as z from 'zod';
import type { DriverContext } from '../../src/contracts/context.ts';
import { PhaulError } from '../../src/errors.ts';

const mount = z.looseObject({
  Type: z.string(),
  Name: z.string().optional(),
  Source: z.string(),
  Destination: z.string(),
  Driver: z.string().optional(),
  RW: z.boolean(),
});

const container = z.looseObject({
  Id: z.string().regex(/^[0-9a-f]{64}$/),
  Name: z.string(),
  State: z.looseObject({ Status: z.string(), Pid: z.int(), ConmonPid: z.int().optional() }),
  Image: z.string(),
  ImageName: z.string(),
  Rootfs: z.string(),
  Pod: z.string(),
  StaticDir: z.string(),
  OCIRuntime: z.string(),
  Driver: z.string(),
  IsInfra: z.boolean(),
  GraphDriver: z.looseObject({
    Data: z.looseObject({ UpperDir: z.string().optional(), WorkDir: z.string().optional() }),
  }),
  Mounts: z.array(mount),
  Dependencies: z.array(z.string()),
  NetworkSettings: z.looseObject({
    SandboxKey: z.string().optional(),
    Networks: z.record(z.string(), z.unknown()).nullish(),
  }),
  Config: z.looseObject({
    StopSignal: z.union([z.string(), z.int()]).optional(),
    Labels: z.record(z.string(), z.string()).nullish(),
    Healthcheck: z.looseObject({ Test: z.array(z.string()).nullish() }).nullish(),
  }),
  HostConfig: z.looseObject({
    NetworkMode: z.string(),
    PidMode: z.string(),
    UsernsMode: z.string(),
    Privileged: z.boolean(),
    AutoRemove: z.boolean(),
    LogConfig: z.looseObject({ Type: z.string(), Path: z.string() }),
  }),
});

/** What `podman inspect` says of a container, as far as phaul reads it. */
export type Inspected = z.infer<typeof container>;

/** @throws CONTAINER_UNKNOWN; CONTAINER_UNSUPPORTED if this podman's answer is not understood */
export async function inspect(name: string, ctx: Pick<DriverContext, 'run'>): Promise<Inspected> {
  const text = await ctx.run('podman', ['container', 'inspect', name]).catch((cause: unknown) => {
    throw new PhaulError('CONTAINER_UNKNOWN', `podman knows no container ${name}.`, { cause });
  });
  const parsed = z.tuple([container]).safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data[0];
  const [issue] = parsed.error.issues;
  const message = `What podman says of ${name} is of an unknown form (${issue?.path.slice(1).join('.')}).`;
  throw new PhaulError('CONTAINER_UNSUPPORTED', message, { cause: parsed.error });
}

const host = z.looseObject({
  host: z.looseObject({
    conmon: z.looseObject({ path: z.string() }),
    ociRuntime: z.looseObject({ name: z.string(), path: z.string() }),
  }),
  store: z.looseObject({
    graphDriverName: z.string(),
    graphRoot: z.string(),
    runRoot: z.string(),
    volumePath: z.string(),
  }),
  version: z.looseObject({ Version: z.string() }),
});

/** What podman says of its host. */
export type PodmanHost = z.infer<typeof host>;

/**
 * @param options of podman itself
 * @throws TOOL_MISSING; DRIVER_FAILED if podman fails, or its answer is not understood
 */
export async function podmanHost(ctx: Pick<DriverContext, 'run'>, ...options: string[]): Promise<PodmanHost> {
  const text = await ctx.run('podman', [...options, 'info', '--format', 'json']);
  const parsed = host.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new PhaulError('DRIVER_FAILED', 'What podman says of this host is of an unknown form.', {
    cause: parsed.error,
  });
}
