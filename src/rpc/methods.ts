import * as z from 'zod';
import type { Json } from '../contracts/context.ts';
import { codes, type ErrorCode } from '../error-codes.ts';
import { mostFsDrivers } from '../transport/transport.ts';
import { wireError } from '../wire-error.ts';

/** Raised when a message or its meaning changes; what that means for older releases is in docs/protocol.md. */
export const protocolVersion = 4;

const id = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_+.-]{0,127}$/);
const migrationId = z.string().regex(/^[a-z0-9-]{8,64}$/);
const absolutePath = z
  .string()
  .max(4096)
  .refine(
    (path) => path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..'),
    'not a plain absolute path',
  );
const relativePath = z
  .string()
  .max(4096)
  .refine(
    (path) =>
      path !== '' && !path.includes('\0') && path.split('/').every((part) => !['', '.', '..'].includes(part)),
    'not a plain relative path',
  );
const json: z.ZodType<Json> = z.json();
const count = z.int().nonnegative();
const words = z.string().max(256);
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

const fsTree = z.object({
  source: absolutePath,
  target: absolutePath,
  without: z.array(relativePath).max(1024),
});

const criu = z.object({
  version: z.string(),
  number: z.int(),
  memTrack: z.boolean(),
  lazyPages: z.boolean(),
});

const filled = z.object({
  /** Pages that followed after the start; 0 if all were there before. */
  pages: count,
  /** Of these so many had a task waiting for them. */
  waitedFor: count,
});

const landed = z.object({
  outcome: z.literal('landed'),
  /** The root task's on the target; null: it was left stopped there, as asked. */
  pid: z.int().nullable(),
  /** For so long the container had been running on the target when it answered, in ms. */
  watchedMs: z.number().nonnegative(),
  /** The command that starts it there, where it was left stopped. */
  startByHand: z.string().nullable(),
});

/** It does not run on the target, and never will. */
const undone = z.object({
  outcome: z.literal('undone'),
  /** Why; null: because nobody said that it should. */
  error: wireError.nullable(),
  /** What could not be undone there. */
  failures: z.array(z.string()),
});

/** Whose the container is after the decision. */
const outcome = z.discriminatedUnion('outcome', [landed, undone]);
export type Outcome = z.infer<typeof outcome>;

/** Every call of the rpc channel: the source asks, the target answers. */
export const methods = {
  /** The first call; its form never changes. */
  hello: {
    params: z.object({ protocol: z.int(), phaul: z.string().max(64), migration: migrationId }),
    result: z.object({ protocol: z.int(), phaul: z.string(), host: z.string() }),
  },
  /** Preflight: whether fs drivers suit trees, with what the source's halves saw of them. The reasons, null where one does not. */
  survey: {
    params: z.object({
      candidates: z.array(z.object({ driver: id, tree: fsTree, seen: json })).max(256),
    }),
    result: z.object({ reasons: z.array(z.string().max(256).nullable()) }),
  },
  /** Preflight: everything on the target that could stop the migration. Changes nothing. */
  check: {
    params: z.object({
      mode: z.enum(['live', 'revive']),
      /** The version of the contracts for which the source's drivers are made (contracts/driver.ts). */
      api: z.int().default(1),
      container: description,
      /** Which driver moves which trees. Streams of the fs channel go to a driver by its place here. */
      fs: z.array(z.object({ driver: id, trees: z.array(fsTree).min(1).max(64) })).max(mostFsDrivers),
      devices: z.array(z.object({ name: id, state: json })).max(64),
      /** The source's host name. */
      source: z.string().max(256),
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
      /** What an older source does not ask. */
      more: z
        .object({
          /** What the source's CPU can, for words about what the target's lacks; empty: do not say. */
          cpuFlags: z.array(z.string().max(64)).max(4096),
          /** Ports of the host's own network at which the container waits. */
          ports: z
            .array(
              z.object({
                protocol: z.enum(['tcp', 'udp']),
                address: z.string().max(64),
                port: z.int().min(0).max(65535),
              }),
            )
            .max(1024),
          /** Files that the container uses and that do not move with it. `size`: null: any. */
          files: z
            .array(z.object({ path: absolutePath, size: count.nullable(), user: z.string().max(64) }))
            .max(1024),
          /** Nothing is to follow: time may be spent on looking closely. */
          thorough: z.boolean(),
          /** How much room trees will take at their places; `reuses`: what is there already need not be written again. */
          room: z
            .array(
              z.object({
                path: absolutePath,
                least: count,
                about: count,
                inodes: count,
                reuses: z.boolean(),
              }),
            )
            .max(64)
            .optional(),
        })
        .optional(),
    }),
    result: z.object({
      criu: criu.nullable(),
      kernel: z.string(),
      /** It has libzstd. */
      zstd: z.boolean(),
      refusals: z.array(refusal),
      /** What an older target does not say. */
      more: z
        .object({
          phaul: z.string().max(64),
          /** Its kernel has sch_plug; null: nobody can tell. */
          plug: z.boolean().nullable(),
          /** The migration's drivers here, and the programs that they work with. */
          drivers: z
            .array(
              z.object({
                kind: z.enum(['htype', 'fs', 'device']),
                name: id,
                version: words.nullable(),
                programs: z.array(z.object({ name: words, version: words.nullable() })).max(16),
              }),
            )
            .max(256)
            .optional(),
          /** It can restore what was in tmpfs mounts from images that are not compressed. */
          plainTar: z.boolean().optional(),
          /** When the call came and when it was answered, by its clock, in ms since 1970. */
          received: z.number(),
          answered: z.number(),
        })
        .optional(),
    }),
  },
  /** Make the workspace, open the mem and fs channels, make room for the files. */
  begin: {
    params: z.object({
      shellJob: z.boolean(),
      tcp: z.enum(['keep', 'close']),
      /** Memory may be put in place after the tasks have begun to run. */
      lazy: z.boolean(),
      /** Pages may come compressed. */
      zstd: z.boolean(),
      /** CRIU's images of what is in tmpfs mounts are not compressed. An older source does not say, and they are. */
      plainTar: z.boolean().optional(),
      /** Listen for direct streams of the mem channel, on this port (0: any); null: do not. */
      dataPort: z.int().min(0).max(65535).nullable(),
      /** Let it run at the commit; else it is left stopped. */
      start: z.boolean(),
      keepImages: z.boolean(),
    }),
    result: z.object({
      /** Where to, and with which secret (base64); null: nowhere. */
      direct: z.object({ address: z.string(), port: z.int(), secret: z.base64() }).nullable(),
    }),
  },
  /** Take the two streams that the source has just opened on the mem channel: for pages, and for images. */
  attach: { params: z.object({ direct: z.boolean() }), result: nothing },
  /** The files are there for the first time: devices begin, the container's runtime gets ready for the mode. */
  prepare: {
    params: nothing,
    /** How long CRIU took there to make a small task anew, in ms; null: nobody knows. An older target does not say. */
    result: z.object({ restoreMs: z.number().nonnegative().nullable().optional() }),
  },
  /** The last thing before the freeze: CRIU is started. */
  arm: { params: nothing, result: nothing },
  /** Devices that one host only may use are about to be taken over: from here the source may fall silent, and only its word ends the waiting. */
  standBy: { params: nothing, result: nothing },
  /** The source has let go of all devices: take them over. Answered when they are usable. */
  takeOver: { params: nothing, result: nothing },
  /**
   * A checkpoint is complete. `last`: none follows, so restore it up to the point where its tasks exist and none has run.
   * Not last ("more follow") is kept for continuous protection; this version refuses it.
   */
  checkpoint: {
    params: z.object({ iteration: count, last: z.boolean() }),
    result: z.object({ images: count }),
  },
  /** Revive mode: the last files are there. */
  ready: { params: nothing, result: nothing },
  /** The decision: from here the container belongs to the target. */
  commit: {
    /** What the source's devices hand over, in the order of `check`'s devices. */
    params: z.object({ devices: z.array(json).max(64) }),
    result: outcome,
  },
  /** Live mode, after the commit: answered when all memory is in place. */
  fill: { params: nothing, result: filled },
  /** The source knows how it ended and asks nothing more: tidy up, forget the migration, and end. */
  finish: { params: nothing, result: nothing },
  /** Undo everything, unless the container has been let run: then it stays. */
  abort: { params: nothing, result: outcome },
  /**
   * The first call of a new connection, after `hello`: what became of a migration? `open`: it is under way on the target, and `commit`, `fill`, `abort` and
   * `finish` on this connection are for it. `unknown`: nothing is remembered of it. `lost`: why it was killed after it had landed; `filled` as of `fill`.
   */
  resume: {
    params: z.object({ migration: migrationId }),
    result: z.discriminatedUnion('outcome', [
      z.object({ outcome: z.enum(['open', 'unknown']) }),
      landed.extend({ filled: filled.nullable(), lost: z.string().nullable() }),
      undone,
    ]),
  },
  /**
   * Instead of a migration: what this host remembers of one whose target it is or was. `span`: when it began and ended here; null: it remembers nothing.
   * `text` as CRIU wrote it, `written`: when its last line was.
   */
  logs: {
    params: z.object({ migration: migrationId }),
    result: z.object({
      /** When the call came and when it was answered, by the target's clock, in ms since 1970, as `written`. */
      received: z.number(),
      answered: z.number(),
      span: z.object({ since: z.iso.datetime(), until: z.iso.datetime().nullable() }).nullable(),
      logs: z.array(z.object({ name: words, text: z.string(), written: z.number() })).max(64),
    }),
  },
} as const;

export type Method = keyof typeof methods;
export type Params<M extends Method> = z.infer<(typeof methods)[M]['params']>;
export type Result<M extends Method> = z.infer<(typeof methods)[M]['result']>;
export type Handlers = { readonly [M in Method]: (params: Params<M>) => Promise<Result<M>> };

/** What the target says unasked. */
export const notices = {
  /** Sent every second by both sides: silence means that the link is dead. */
  alive: nothing,
  /** Pages of memory that follow the container, and how many of them are in place. */
  filling: z.object({ total: count, placed: count }),
  log: z.object({ level: z.enum(['log', 'warn']), text: z.string().max(4096) }),
} as const;
