/** A CRIU that answers every question with its version, 3.17.1. In Python, which every host has. */
const program = `#!/usr/bin/python3
import socket, sys
protocol = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, fileno=int(sys.argv[2]))
while protocol.recv(65536):
    # criu_resp: type VERSION, success, version {major 3, minor 17, sublevel 1}
    protocol.send(bytes([8, 10, 16, 1, 82, 6, 8, 3, 16, 17, 32, 1]))
`;

const criu = '/usr/sbin/criu';
const kept = '/root/criu';

/** Shell text that takes a host's CRIU away, and gives it back. */
export const noCriu = { cause: `mv ${criu} ${kept}`, mend: `mv ${kept} ${criu}` } as const;

/** Shell text that puts an old one in its place, and gives it back. */
export const oldCriu = {
  cause: `${noCriu.cause}; printf %s '${program}' >${criu}; chmod +x ${criu}`,
  mend: noCriu.mend,
} as const;
