import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { replaceFile } from './replace-file.ts';
import { processStart } from '../../src/linux/processes.ts';
import { type OciRuntime, type OciState, unknownContainer, unknownForm } from './runtime.ts';

const root = '/run/runc';
const stateFile = 'state.json';
const fileOf = (id: string): string => `${root}/${id}/${stateFile}`;

const schema = z.looseObject({
  id: z.string(),
  init_process_pid: z.int(),
  init_process_start: z.int(),
  config: z.looseObject({
    rootfs: z.string(),
    mounts: z
      .array(
        z.looseObject({ source: z.string(), destination: z.string(), device: z.string(), flags: z.int() }),
      )
      .nullable(),
    namespaces: z.array(z.looseObject({ type: z.string(), path: z.string() })).nullable(),
    mask_paths: z.array(z.string()).nullable(),
    labels: z.array(z.string()).nullable(),
    cgroups: z.looseObject({ Systemd: z.boolean().optional() }).nullish(),
  }),
  cgroup_paths: z.record(z.string(), z.string()),
  namespace_paths: z.record(z.string(), z.string()),
  external_descriptors: z.array(z.string()).nullable(),
});

/** The part of runc's state.json (libcontainer's State) that phaul reads; the rest is kept as it is. */
type RuncState = z.infer<typeof schema>;

const MS_RDONLY = 1;

/** What runc keeps, in the words of all runtimes. @throws CONTAINER_UNSUPPORTED if the form is unknown */
export function parseRuncState(id: string, text: string): OciState {
  const { config, ...state } = parsed(id, text);
  const mounts = config.mounts ?? [];
  const labels = config.labels ?? [];
  const bundle = labels.find((label) => label.startsWith('bundle='));
  if (bundle === undefined) throw unknownForm('runc', id, new Error('no label says where the bundle is'));
  return {
    id,
    pid: state.init_process_pid,
    born: String(state.init_process_start),
    bundle: bundle.slice('bundle='.length),
    rootfs: config.rootfs,
    binds: mounts
      .filter(({ device }) => device === 'bind')
      .map(({ source, destination, flags }) => ({
        source,
        destination,
        readOnly: (flags & MS_RDONLY) !== 0,
      })),
    networkNamespace: config.namespaces?.find(({ type }) => type === 'NEWNET')?.path || null,
    maskedPaths: config.mask_paths ?? [],
    cgroups: state.cgroup_paths,
    showsCgroups:
      mounts.some(({ device }) => device === 'cgroup') &&
      !config.namespaces?.some(({ type }) => type === 'NEWCGROUP'),
    standardFiles: state.external_descriptors ?? [],
    systemd: config.cgroups?.Systemd ?? false,
    byPodman: labels.includes('io.container.manager=libpod'),
  };
}

export const runcRuntime: OciRuntime = {
  name: 'runc',
  root,
  stateFile,
  readState: async (id) => parseRuncState(id, await read(id)),
  putProcess: async (id, pid) => {
    const state = parsed(id, await read(id));
    const namespaces = Object.entries(state.namespace_paths).map(([kind, path]) => [
      kind,
      path.replace(/^\/proc\/\d+\//, `/proc/${pid}/`),
    ]);
    const changed: RuncState = {
      ...state,
      init_process_pid: pid,
      init_process_start: Number(await processStart(pid)),
      namespace_paths: Object.fromEntries(namespaces) as Record<string, string>,
    };
    await replaceFile(fileOf(id), JSON.stringify(changed));
  },
};

function read(id: string): Promise<string> {
  return readFile(fileOf(id), 'utf8').catch((cause: unknown) => {
    throw unknownContainer('runc', id, cause);
  });
}

function parsed(id: string, text: string): RuncState {
  const { success, data, error } = schema.safeParse(JSON.parse(text));
  if (success) return data;
  throw unknownForm('runc', id, error);
}
