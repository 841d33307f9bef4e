import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { PhaulError } from '../../src/errors.ts';

/** runc's default root for the superuser. */
export const root = '/run/runc';

/** runc's own state of a container. */
export const stateDirectory = (id: string): string => `${root}/${id}`;
export const stateFile = (id: string): string => `${stateDirectory(id)}/state.json`;

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
  }),
  cgroup_paths: z.record(z.string(), z.string()),
  namespace_paths: z.record(z.string(), z.string()),
  external_descriptors: z.array(z.string()).nullable(),
});

/** The part of runc's state.json (libcontainer's State) that phaul reads; the rest is kept as it is. */
export type RuncState = z.infer<typeof schema>;

/** @throws CONTAINER_UNKNOWN if there is none, CONTAINER_UNSUPPORTED if this runc's format is not understood. */
export async function readState(id: string): Promise<RuncState> {
  const text = await readFile(stateFile(id), 'utf8').catch((cause: unknown) => {
    throw new PhaulError('CONTAINER_UNKNOWN', `runc knows no container ${id}.`, { cause });
  });
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new PhaulError(
    'CONTAINER_UNSUPPORTED',
    `The state that this runc keeps of ${id} is of an unknown form.`,
    { cause: parsed.error },
  );
}

const MS_RDONLY = 1;

/** The container's bind mounts. */
export function bindMounts(state: RuncState): { source: string; destination: string; readOnly: boolean }[] {
  return (state.config.mounts ?? [])
    .filter(({ device }) => device === 'bind')
    .map(({ source, destination, flags }) => ({ source, destination, readOnly: (flags & MS_RDONLY) !== 0 }));
}

/** The bundle's directory, as runc notes it in a label. @throws CONTAINER_UNSUPPORTED if the label is missing. */
export function bundleOf(state: RuncState): string {
  const label = state.config.labels?.find((text) => text.startsWith('bundle='));
  if (!label)
    throw new PhaulError('CONTAINER_UNSUPPORTED', `runc does not say where the bundle of ${state.id} is.`);
  return label.slice('bundle='.length);
}

/** The path of the network namespace, where the bundle names one; null where runc makes one of its own. */
export function networkNamespaceOf(state: RuncState): string | null {
  return state.config.namespaces?.find(({ type }) => type === 'NEWNET')?.path || null;
}
