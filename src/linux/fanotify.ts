import { closeSync, constants, readSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const fanotifyInit = libc.func('int fanotify_init(unsigned int, unsigned int)');
// (fd, flags, mask, dirfd, path)
const fanotifyMark = libc.func('int fanotify_mark(int, unsigned int, uint64_t, int, const char *)');
const openByHandleAt = libc.func('int open_by_handle_at(int, const uint8_t *, int)');

// Linux's values on all architectures (linux/fanotify.h), but for O_*, which are those of x86-64 and arm64.
const FAN_CLOEXEC_NONBLOCK = 0x3;
// FID, DIR_FID, NAME and TARGET_FID: each event names a directory, a name in it, and what the name stood for.
const FAN_REPORT = 0x1e00;
const FAN_MARK_ADD_FILESYSTEM = 0x101;
const FAN_Q_OVERFLOW = 0x4000;
const FAN_EVENT_INFO_TYPE_FID = 1;
const FAN_EVENT_INFO_TYPE_DFID_NAME = 2;
const AT_FDCWD = -100;
const O_PATH_CLOEXEC = 0o12000000;

/** What may have happened, combined in `FileEvent.mask`. */
export const happened = {
  modify: 0x2,
  attributes: 0x4,
  closeWrite: 0x8,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  /** To a directory. */
  onDirectory: 0x4000_0000,
} as const;
const everything = Object.values(happened).reduce((all, bit) => all | bit, 0);

/** What happened to one name, all of it together. */
export interface FileEvent {
  readonly mask: number;
  /** Where; null: it is not known, as when the number of a file's names changes. */
  readonly directory: FileHandle | null;
  /** Bytes as Latin-1; `.` is the directory itself; empty: not known. */
  readonly name: string;
  /** What the name stood for; null: the directory itself. */
  readonly object: FileHandle | null;
}

/** The kernel's name of a file on its file system, wherever that file goes (struct file_handle), bytes as Latin-1. */
export type FileHandle = string & { readonly handle: unique symbol };

/** Listens to all that changes on a file system. */
export interface FileSystemWatch {
  /** What has happened since it was last asked; null: more than it remembers. What the kernel does while it is asked may come twice. */
  readonly take: () => FileEvent[] | null;
  readonly close: () => void;
}

// The kernel merges equal events and remembers 16384 that differ, by default; a file that is copied makes some 4.
const everyMs = 100;
const most = 20_000;
const bufferSize = 65_536;

/**
 * Listens from now on to the whole file system that `path` is on: in all mounts of it, for all processes. Not told are stores into
 * a shared mapping, writes by kernel AIO (io_submit) and by a loop device, until the file that was open for that is closed.
 *
 * @returns null if the kernel (before 5.17) or the file system cannot tell
 */
export function watchFileSystem(path: string): FileSystemWatch | null {
  const fd = fanotifyInit(FAN_CLOEXEC_NONBLOCK | FAN_REPORT, 0) as number;
  if (fd < 0) return null;
  if (fanotifyMark(fd, FAN_MARK_ADD_FILESYSTEM, everything, AT_FDCWD, path) < 0) {
    closeSync(fd);
    return null;
  }
  // What the events are about → what happened. A file that is written all the time takes one place.
  const masks = new Map<string, number>();
  const buffer = Buffer.alloc(bufferSize);
  let lost = false;

  function read(): void {
    // More than these come faster than they can be read.
    for (let times = 0; times < most; times++) {
      const length = readSome(fd, buffer);
      if (length === 0) return;
      if (length === null) break;
      for (let at = 0, size = 0; at < length; at += size) {
        size = buffer.readUInt32LE(at);
        const mask = buffer.readUInt32LE(at + 8);
        const about = buffer.toString('latin1', at + buffer.readUInt16LE(at + 6), at + size);
        lost ||= (mask & FAN_Q_OVERFLOW) !== 0 || masks.size >= most;
        if (!lost) masks.set(about, (masks.get(about) ?? 0) | mask);
      }
    }
    lost = true;
  }

  const timer = setInterval(read, everyMs).unref();
  return {
    take: () => {
      read();
      const events = lost ? null : [...masks].map(([about, mask]) => eventOf(about, mask));
      masks.clear();
      lost = false;
      return events;
    },
    close: () => {
      clearInterval(timer);
      closeSync(fd);
    },
  };
}

/** 0: there is nothing; null: it failed. */
function readSome(fd: number, buffer: Buffer): number | null {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : null;
  }
}

// struct fanotify_event_info_fid, one or two: header (type, padding, length), fsid, file handle, name with NUL.
function eventOf(about: string, mask: number): FileEvent {
  const bytes = Buffer.from(about, 'latin1');
  let directory: FileHandle | null = null;
  let object: FileHandle | null = null;
  let name = '';
  for (let at = 0, size = 0; at < bytes.length; at += size) {
    size = bytes.readUInt16LE(at + 2);
    const end = at + 20 + bytes.readUInt32LE(at + 12);
    const handle = bytes.toString('latin1', at + 12, end) as FileHandle;
    if (bytes[at] === FAN_EVENT_INFO_TYPE_FID) object = handle;
    if (bytes[at] !== FAN_EVENT_INFO_TYPE_DFID_NAME) continue;
    directory = handle;
    name = bytes.toString('latin1', end, bytes.indexOf(0, end));
  }
  return { mask, directory, name, object };
}

/**
 * Finds a file by its handle: an O_PATH descriptor, which the caller closes; null if there is no such file any more.
 * @param mount any descriptor on the file system, O_PATH excepted
 */
export function openByHandle(mount: number, handle: FileHandle): number | null {
  const flags = O_PATH_CLOEXEC | constants.O_NOFOLLOW;
  const fd = openByHandleAt(mount, Buffer.from(handle, 'latin1'), flags) as number;
  return fd < 0 ? null : fd;
}
