import protobuf from 'protobufjs/light.js';
import { schema } from './generated.ts';

/** A request to swrk: the fields of criu_req in rpc.proto that are set. Enum values by name. */
export interface CriuRequest {
  readonly type: string;
  readonly opts?: CriuOptions;
  readonly notify_success?: boolean;
  readonly keep_open?: boolean;
  readonly features?: Readonly<Record<string, boolean>>;
  readonly pid?: number;
}

/** criu_opts in rpc.proto. */
export interface CriuOptions {
  readonly images_dir_fd?: number;
  readonly images_dir?: string;
  readonly pid?: number;
  readonly leave_running?: boolean;
  readonly leave_stopped?: boolean;
  readonly ext_unix_sk?: boolean;
  readonly tcp_established?: boolean;
  readonly tcp_close?: boolean;
  readonly evasive_devices?: boolean;
  readonly shell_job?: boolean;
  readonly file_locks?: boolean;
  readonly link_remap?: boolean;
  readonly log_level?: number;
  readonly log_file?: string;
  readonly ps?: { readonly fd: number };
  readonly notify_scripts?: boolean;
  readonly root?: string;
  readonly parent_img?: string;
  readonly track_mem?: boolean;
  readonly lazy_pages?: boolean;
  readonly force_irmap?: boolean;
  readonly ext_mnt?: readonly { readonly key: string; readonly val: string }[];
  readonly cg_root?: readonly { readonly ctrl?: string; readonly path: string }[];
  readonly inherit_fd?: readonly { readonly key: string; readonly fd: number }[];
  readonly enable_fs?: readonly string[];
  readonly manage_cgroups_mode?: 'IGNORE' | 'SOFT';
  readonly ghost_limit?: number;
  readonly external?: readonly string[];
  readonly timeout?: number;
  readonly orphan_pts_master?: boolean;
  readonly network_lock?: 'IPTABLES' | 'NFTABLES' | 'SKIP';
}

/** criu_resp in rpc.proto; only what CRIU set is present. */
export interface CriuResponse {
  readonly type: string;
  readonly success: boolean;
  readonly dump?: { readonly restored?: boolean };
  readonly restore?: { readonly pid: number };
  readonly notify?: { readonly script?: string; readonly pid?: number };
  readonly ps?: { readonly pid?: number };
  readonly cr_errno?: number;
  readonly cr_errmsg?: string;
  readonly features?: { readonly mem_track?: boolean; readonly lazy_pages?: boolean };
  readonly version?: {
    readonly major_number: number;
    readonly minor_number: number;
    readonly sublevel?: number;
  };
}

/** stats_entry in stats.proto. Times in µs, sizes in pages. */
export interface CriuStats {
  readonly dump?: {
    readonly freezing_time: number;
    readonly frozen_time: number;
    readonly memdump_time: number;
    readonly memwrite_time: number;
    readonly pages_scanned: number;
    readonly pages_skipped_parent: number;
    readonly pages_written: number;
    readonly shpages_written?: number;
  };
  readonly restore?: {
    readonly forking_time: number;
    readonly restore_time: number;
    readonly pages_restored?: number;
  };
}

const root = protobuf.Root.fromJSON(schema as protobuf.INamespace);
const asWritten = { enums: String, longs: Number, defaults: false } as const;

export function encodeRequest(request: CriuRequest): Buffer {
  const type = root.lookupType('criu_req');
  return Buffer.from(type.encode(type.fromObject(request as object)).finish());
}

/** Throws if the bytes are not a criu_resp. */
export function decodeResponse(bytes: Uint8Array): CriuResponse {
  const type = root.lookupType('criu_resp');
  return type.toObject(type.decode(bytes), asWritten) as CriuResponse;
}

/** Throws if the bytes are not a stats_entry. */
export function decodeStats(bytes: Uint8Array): CriuStats {
  const type = root.lookupType('stats_entry');
  return type.toObject(type.decode(bytes), asWritten) as CriuStats;
}

/**
 * One mapping of a task: addresses in bytes, `flags` as mmap's, `status` as CRIU's VMA_AREA_… (criu/include/image.h), `madv` with a bit for each
 * piece of advice that it was given with madvise.
 */
export interface CriuVma {
  readonly start: number;
  readonly end: number;
  readonly flags: number;
  readonly status: number;
  readonly madv?: number;
}

/** A task's mappings, ascending. Throws if the bytes are not an mm_entry. */
export function decodeMm(bytes: Uint8Array): { readonly vmas?: readonly CriuVma[] } {
  const type = root.lookupType('mm_entry');
  return type.toObject(type.decode(bytes), asWritten) as { vmas?: CriuVma[] };
}

/** A file that something watches: its file system's number as the kernel has it inside, its own there, and a path to it. irmap_cache_entry in images.proto. */
export function encodeIrmapCacheEntry(entry: {
  readonly dev: number;
  readonly inode: bigint;
  readonly path: string;
}): Buffer {
  const { inode } = entry;
  // What protobufjs takes for a number of 64 bits.
  const [low, high] = [Number(BigInt.asUintN(32, inode)), Number(inode >> 32n)];
  return Buffer.from(
    root
      .lookupType('irmap_cache_entry')
      .encode({ ...entry, inode: { low, high } })
      .finish(),
  );
}
