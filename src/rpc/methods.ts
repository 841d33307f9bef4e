import { z } from 'zod';
import { codes, type ErrorCode } from '../error-codes.ts';

/** Raised when a message or its meaning changes; what that means for older releases is in docs/protocol.md. */
export const protocolVersion = 1;

const id = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_+.-]{0,127}$/);
const migrationId = z.string().regex(/^[a-z0-9-]{8,64}$/);
const absolutePath = z
  .string()
  .max(4096)
  .refine(
    (path) => path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..'),
    'not a plain absolute path',
  );
const json = z.json();
const count = z.int().nonnegative();
const nothing = z.object({});

const refusal = z.object({
  code: z.enum(Object.keys(codes) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  hint: z.string(),
  host: z.enum(['source', 'target']),
});

const description = z.object({
  htype: id,
  id,
  trees: z.array(z.object({ source: absolutePath, target: absolutePath })).max(64),
  needs: z.array(absolutePath).max(1024),
  meta: json,
});

const criu = z.object({
  version: z.string(),
  number: z.int(),
  memTrack: z.boolean(),
  lazyPages: z.boolean(),
});

/** Every call of the rpc channel: the source asks, the target answers. */
export const methods = {
  /** The first call; its form never changes. */
  hello: {
    params: z.object({ protocol: z.int(), phaul: z.string().max(64), migration: migrationId }),
    result: z.object({ protocol: z.int(), phaul: z.string(), host: z.string() }),
  },
  /** Preflight: everything on the target that could stop the migration. Changes nothing. */
  check: {
    params: z.object({
      container: description.nullable(),
      fs: id.nullable(),
      devices: z.array(z.object({ name: id, state: json })).max(64),
      skipCriuCheck: z.boolean(),
      /** CRIU's cpuinfo image of the source, base64; null: do not compare. */
      cpuinfo: z
        .string()
        .max(1 << 16)
        .nullable(),
      /** Bytes of memory the container has now; the target needs twice that for images and processes. */
      memory: count,
      force: z.boolean(),
      imagePath: absolutePath.nullable(),
    }),
    result: z.object({ criu: criu.nullable(), kernel: z.string(), refusals: z.array(refusal) }),
  },
  /** Make the workspace, open the mem and fs channels, make room for the files. */
  begin: {
    params: z.object({
      shellJob: z.boolean(),
      tcp: z.enum(['keep', 'close']),
      autoDedup: z.boolean(),
      leaveStopped: z.boolean(),
      keepImages: z.boolean(),
    }),
    result: nothing,
  },
  /** Take the stream of pages that the source has just opened on the mem channel, and hand it to CRIU. */
  attach: { params: nothing, result: nothing },
  /** The files are there for the first time: devices begin, the container's runtime gets ready. */
  prepare: { params: nothing, result: nothing },
  /** Serve the pages of one iteration on the mem channel. `parent`: the iteration whose pages need not come again. */
  pages: { params: z.object({ iteration: count, parent: count.nullable() }), result: nothing },
  /** The last thing before the freeze: CRIU is started and the images' stream is taken. */
  arm: { params: z.object({ iteration: count }), result: nothing },
  /**
   * A checkpoint is complete. `last`: none follows, so restore it up to the point where its tasks exist and none has run.
   * Not last ("more follow") is kept for continuous protection; this version refuses it.
   */
  checkpoint: {
    params: z.object({ iteration: count, last: z.boolean() }),
    result: z.object({ images: count }),
  },
  /** The decision: from here the container belongs to the target. */
  commit: {
    /** What the source's devices hand over, in the order of `check`'s devices. */
    params: z.object({ devices: z.array(json).max(64) }),
    result: z.object({ pid: z.int(), restoreMs: z.number(), pagesRestored: count }),
  },
  /** The source has removed its copy; tidy up and end. */
  finish: { params: nothing, result: nothing },
  /** Before the commit only: undo everything. */
  abort: { params: nothing, result: z.object({ failures: z.array(z.string()) }) },
} as const;

export type Method = keyof typeof methods;
export type Params<M extends Method> = z.infer<(typeof methods)[M]['params']>;
export type Result<M extends Method> = z.infer<(typeof methods)[M]['result']>;
export type Handlers = { readonly [M in Method]: (params: Params<M>) => Promise<Result<M>> };

/** What the target says unasked. */
export const notices = {
  /** Sent every second by both sides: silence means that the link is dead. */
  alive: nothing,
  log: z.object({ level: z.enum(['log', 'warn']), text: z.string().max(4096) }),
} as const;
