"""Plays a CRIU that dumps: sends memory in its page-server protocol (criu/page-xfer.c:33; headers of 32 bytes, as since 4.2).

    page-feed.py FILE MEBIBYTES [PORT]

The memory of one task, made of the contents of FILE again and again, in runs of 256 pages, to the socket that is its stdin, or to
a PORT on 127.0.0.1. Prints how long that took, in ms, until the page server's last answer.
"""

import socket
import struct
import sys
import time

OPEN, ADD, CLOSE = 4, 6, 0x1023
PRESENT = 4 << 16
RUN = 1 << 20
OWNER = 100 << 8 | 1

with open(sys.argv[1], "rb") as file:
    memory = memoryview(file.read())
runs = int(sys.argv[2])
server = socket.create_connection(("127.0.0.1", int(sys.argv[3]))) if len(sys.argv) > 3 else socket.socket(fileno=0)


def header(command, pages=0, address=0):
    return struct.pack("<IIQQQ", command, 0, pages, address, OWNER)


began = time.monotonic()
server.sendall(header(OPEN))
server.recv(1)
for run in range(runs):
    at = run * RUN % len(memory)
    server.sendall(header(ADD | PRESENT, RUN // 4096, (1 << 30) + run * RUN))
    server.sendall(memory[at : at + RUN])
server.sendall(header(CLOSE))
if server.recv(4) != bytes(4):
    sys.exit("the page server has not taken it")
print((time.monotonic() - began) * 1000)
