"""Says all that can be told of trees from outside, one JSON line an entry. It is asked in lines: a JSON array of the tree, and what below it is left out."""

import hashlib
import json
import os
import stat
import sys

without = set()
first_names = {}


def text(raw):
    return raw.decode("latin1")


def attributes(path):
    # POSIX ACLs and file capabilities are among them.
    names = os.listxattr(path, follow_symlinks=False)
    return {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in sorted(names)}


def data_ranges(fd, size):
    """Where a sparse file has data, to whole pages: what file systems make of them differs below that."""
    ranges, offset = [], 0
    while offset < size:
        try:
            start = os.lseek(fd, offset, os.SEEK_DATA)
        except OSError:
            break
        offset = os.lseek(fd, start, os.SEEK_HOLE)
        ranges.append([start // 4096, -(-offset // 4096)])
    return ranges


def contents(path, found):
    # No link is followed, and the time of the last access stays.
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NOATIME)
    try:
        digest = hashlib.sha256()
        while chunk := os.read(fd, 1 << 20):
            digest.update(chunk)
        sparse = found.st_blocks * 512 < found.st_size
        return {"hash": digest.hexdigest(), "data": data_ranges(fd, found.st_size) if sparse else "all"}
    finally:
        os.close(fd)


def describe(path, name):
    found = os.lstat(path)
    mode = found.st_mode
    facts = {
        "name": text(name),
        "mode": oct(mode),
        "owner": [found.st_uid, found.st_gid],
        "mtime": str(found.st_mtime_ns),
        "xattrs": attributes(path),
    }
    if not stat.S_ISDIR(mode):
        facts["size"] = found.st_size
        facts["same"] = text(first_names.setdefault((found.st_dev, found.st_ino), name))
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        facts["device"] = [os.major(found.st_rdev), os.minor(found.st_rdev)]
    if stat.S_ISLNK(mode):
        facts["leads"] = text(os.readlink(path))
    if stat.S_ISREG(mode):
        facts.update(contents(path, found))
    print(json.dumps(facts))
    if stat.S_ISDIR(mode):
        for entry in sorted(os.listdir(path)):
            below = name + b"/" + entry if name else entry
            if below not in without:
                describe(path + b"/" + entry, below)


for line in sys.stdin:
    root, *names = json.loads(line)
    without = {os.fsencode(name) for name in names}
    first_names = {}
    describe(os.fsencode(root), b"")
    # What ends an answer.
    print("\0", end="", flush=True)
