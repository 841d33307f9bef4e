"""A process that writes memory, and notices when it stands still.

    page-writer.py MEBIBYTES MEGABYTES_PER_SECOND READY REPORT

Fills that much private memory with random bytes, creates the file READY, and rewrites one page after another (a counter
in the first 8 bytes of each) at the given rate. At SIGTERM it checks every byte and leaves in REPORT, as JSON, the longest
gap between two rounds of writing. It keeps no file open.

The clock is CLOCK_REALTIME: CRIU gives the restored process a time namespace in which CLOCK_MONOTONIC and CLOCK_BOOTTIME
go on as if no time had passed. (The hosts of the lab have one kernel, so they have one clock.)
"""

import json
import os
import signal
import sys
import time
import zlib

PAGE = 4096
mebibytes, rate = int(sys.argv[1]), float(sys.argv[2]) * 1e6
ready, report = sys.argv[3], sys.argv[4]

memory = bytearray(mebibytes << 20)  # So large a block is a private anonymous mapping of its own.
for at in range(0, len(memory), 1 << 20):
    memory[at : at + (1 << 20)] = os.urandom(1 << 20)
counters = memoryview(memory).cast("Q")
stride = PAGE // 8
pages = len(memory) // PAGE
for page in range(pages):
    counters[page * stride] = 0
checksum = zlib.crc32(memory)

stopping = False


def stop(*_):
    global stopping
    stopping = True


signal.signal(signal.SIGTERM, stop)
with open(ready, "w"):
    pass

errors = 0
writes = 0
longest = 0
longest_at = 0
owed = 0.0
last = time.time_ns()
while not stopping:
    time.sleep(0.001)
    now = time.time_ns()
    gap = now - last
    if gap > longest:
        longest, longest_at = gap, last
    # Not more than 10 ms' worth: time that was lost is not made up for.
    owed += min(gap, 10_000_000) / 1e9 * rate / PAGE
    last = now
    while owed >= 1:
        owed -= 1
        at = writes % pages * stride
        if counters[at] != writes // pages:
            errors += 1
        counters[at] = writes // pages + 1
        writes += 1

for page in range(pages):
    if counters[page * stride] != writes // pages + (page < writes % pages):
        errors += 1
    counters[page * stride] = 0
if zlib.crc32(memory) != checksum:
    errors += 1

with open(report + ".new", "w") as file:
    json.dump({"longestGapMs": longest / 1e6, "longestGapAt": longest_at / 1e6, "writes": writes, "errors": errors}, file)
os.rename(report + ".new", report)
