import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { processStart } from '../../src/linux/processes.ts';
import { replaceFile } from './replace-file.ts';
import { type OciRuntime, type OciState, unknownContainer, unknownForm } from './runtime.ts';

const root = '/run/crun';
const stateFile = 'status';
const fileOf = (id: string, name: string): string => `${root}/${id}/${name}`;

// src/libcrun/status.c, libcrun_write_container_status.
const statusSchema = z.looseObject({
  pid: z.int(),
  'process-start-time': z.int(),
  'cgroup-path': z.string(),
  'systemd-cgroup': z.boolean().optional(),
  rootfs: z.string(),
  bundle: z.string(),
  /** A list, as JSON in a string. */
  external_descriptors: z.string().optional(),
});

// Beside it crun keeps the bundle's configuration as it was when it created the container.
const specSchema = z.looseObject({
  mounts: z
    .array(
      z.looseObject({
        destination: z.string(),
        type: z.string().optional(),
        source: z.string().optional(),
        options: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
  linux: z
    .looseObject({
      namespaces: z.array(z.looseObject({ type: z.string(), path: z.string().optional() })).nullish(),
      maskedPaths: z.array(z.string()).nullish(),
    })
    .nullish(),
});

const isBind = (option: string): boolean => option === 'bind' || option === 'rbind';
const isAccess = (option: string): boolean => option === 'ro' || option === 'rw';

/**
 * What crun keeps, in the words of all runtimes.
 * @param files both files' texts
 * @param controllers the host's, of cgroup v1; null: it has cgroup v2
 * @throws CONTAINER_UNSUPPORTED if the form is unknown
 */
export function parseCrunState(
  id: string,
  files: { readonly status: string; readonly config: string },
  controllers: readonly string[] | null,
): OciState {
  const status = parsed(statusSchema, id, files.status);
  const { mounts, annotations, linux } = parsed(specSchema, id, files.config);
  const { bundle } = status;
  const descriptors = z.array(z.string());
  return {
    id,
    pid: status.pid,
    born: String(status['process-start-time']),
    bundle,
    rootfs: resolve(bundle, status.rootfs),
    binds: (mounts ?? []).flatMap(({ source, destination, options, type }) =>
      source !== undefined && (type === 'bind' || options?.some(isBind))
        ? [{ source: resolve(bundle, source), destination, readOnly: options?.findLast(isAccess) === 'ro' }]
        : [],
    ),
    networkNamespace: linux?.namespaces?.find(({ type }) => type === 'network')?.path || null,
    maskedPaths: linux?.maskedPaths ?? [],
    cgroups: cgroupsAt(status['cgroup-path'], controllers),
    showsCgroups:
      (mounts ?? []).some(({ type }) => type === 'cgroup') &&
      !linux?.namespaces?.some(({ type }) => type === 'cgroup'),
    standardFiles: parsed(descriptors, id, status.external_descriptors ?? '[]'),
    systemd: status['systemd-cgroup'] ?? false,
    byPodman: annotations?.['io.container.manager'] === 'libpod',
  };
}

export const crunRuntime: OciRuntime = {
  name: 'crun',
  root,
  stateFile,
  readState: async (id) => {
    const [status, config, controllers] = await Promise.all([
      read(id, stateFile),
      read(id, 'config.json'),
      controllersHere(),
    ]);
    return parseCrunState(id, { status, config }, controllers);
  },
  putProcess: async (id, pid) => {
    const status = parsed(statusSchema, id, await read(id, stateFile));
    const changed = { ...status, pid, 'process-start-time': Number(await processStart(pid)) };
    await replaceFile(fileOf(id, stateFile), JSON.stringify(changed));
  },
};

const cgroupRoot = '/sys/fs/cgroup';

/** crun notes one path, which it has made below each controller's hierarchy (cgroup-utils.c, libcrun_move_process_to_cgroup). */
function cgroupsAt(path: string, controllers: readonly string[] | null): Record<string, string> {
  if (controllers === null) return { '': join(cgroupRoot, path) };
  const at = (controller: string): string => join(cgroupRoot, controller.replace(/^name=/, ''), path);
  return Object.fromEntries(controllers.map((controller) => [controller, at(controller)]));
}

/** This host's controllers of cgroup v1; null where it has cgroup v2. */
async function controllersHere(): Promise<string[] | null> {
  if (existsSync(`${cgroupRoot}/cgroup.controllers`)) return null;
  const lines = (await readFile('/proc/self/cgroup', 'utf8')).split('\n');
  return lines.flatMap((line) => line.split(':')[1]?.split(',') ?? []).filter(Boolean);
}

function read(id: string, name: string): Promise<string> {
  return readFile(fileOf(id, name), 'utf8').catch((cause: unknown) => {
    throw unknownContainer('crun', id, cause);
  });
}

function parsed<T>(schema: z.ZodType<T>, id: string, text: string): T {
  const { success, data, error } = schema.safeParse(JSON.parse(text));
  if (success) return data;
  throw unknownForm('crun', id, error);
}
