"""Stands between a dumping CRIU and a page server, and keeps what each of them says.

    record.py LISTEN CONNECT SAID ANSWERED

Takes one connection on 127.0.0.1, port LISTEN, and copies both ways between it and port CONNECT; what comes from it is kept in the file SAID, what
it is answered in ANSWERED. Prints "listening" when it does. Ends when both ways have ended.
"""

import socket
import sys
import threading

listen, connect, said, answered = sys.argv[1:]


def copy(source, sink, path):
    with open(path, "wb") as kept:
        while block := source.recv(1 << 20):
            kept.write(block)
            sink.sendall(block)
    sink.shutdown(socket.SHUT_WR)


server = socket.create_server(("127.0.0.1", int(listen)))
print("listening", flush=True)
client, _ = server.accept()
peer = socket.create_connection(("127.0.0.1", int(connect)))
back = threading.Thread(target=copy, args=(peer, client, answered))
back.start()
copy(client, peer, said)
back.join()
