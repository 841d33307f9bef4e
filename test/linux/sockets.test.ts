import test from 'ava';
import { parseInetSockets } from '../../src/linux/inet-sockets.ts';
import { deviceNumbers, parseFdinfo } from '../../src/linux/descriptors.ts';
import { parsePeers } from '../../src/linux/unix-peers.ts';
import { countUnacceptedUnix } from '../../src/linux/unix-queues.ts';

test('connected Unix sockets are read from what ss says, with names that hold spaces', (t) => {
  const said = `
u_str ESTAB  0      0                                 * 120 * 121
u_str ESTAB  0      0             /run/a socket 7.sock 121 * 120
u_seq ESTAB  3      0                    @abstract name 9 * 10  
u_str LISTEN 0      511           /run/a socket 7.sock 122 * 0
u_dgr UNCONN 0      0                                 * 130 * 131
u_dgr UNCONN 0      0                          /dev/log 131 * 0
`;
  t.deepEqual(parsePeers(said), [
    { inode: 120, peer: 121, peerName: '/run/a socket 7.sock' },
    { inode: 121, peer: 120, peerName: null },
    { inode: 9, peer: 10, peerName: null },
    { inode: 130, peer: 131, peerName: '/dev/log' },
  ]);
  t.deepEqual(parsePeers(''), []);
});

test('Unix connections that nobody has accepted are counted, also those whose client has gone', (t) => {
  const shown = `Num       RefCount Protocol Flags    Type St Inode Path
00000000fdaff755: 00000003 00000000 00000000 0001 03 17643886
00000000ba9ab797: 00000002 00000000 00010000 0001 01 17643881 /run/a sock
0000000096216283: 00000003 00000000 00000000 0001 02     0 /run/a sock
00000000b21212b3: 00000003 00000000 00000000 0001 02     0 @x
000000009fb3b978: 00000002 00000000 00000000 0001 02     0 /run/a sock
0000000077e3b4c9: 00000003 00000000 00000000 0001 03 17643883
000000001b33a926: 00000002 00000000 00010000 0001 01 17643843 @x
`;
  t.is(countUnacceptedUnix(shown), 3);
  t.is(countUnacceptedUnix(''), 0);
});

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 6500470A:C350 0100470A:18EB 01 00000000:00000000 02:000A2C2B 00000000  1000        0 4712 2 0000000000000000 20 4 30 10 -1
   2: 6500470A:C351 0100470A:18EB 06 00000000:00000000 03:00000D1B 00000000     0        0 0 3 0000000000000000
`;
test('TCP sockets are read from /proc/net/tcp', (t) => {
  t.deepEqual(
    parseInetSockets(tcp, 'tcp').map(({ local, remote, listens, connected, inode }) => [
      `${local.address} ${local.port}`,
      `${remote.address} ${remote.port}`,
      listens,
      connected,
      inode,
    ]),
    [
      ['127.0.0.1 8080', '0.0.0.0 0', true, false, 4711],
      ['10.71.0.101 50000', '10.71.0.1 6379', false, true, 4712],
      ['10.71.0.101 50001', '10.71.0.1 6379', false, true, 0],
    ],
  );
});

const udp6 = (address: string): string => `  sl  local_address remote_address st
 12: ${address}:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 9 2 0 0
`;
for (const [hex, address] of [
  ['00000000000000000000000000000000', '::'],
  ['00000000000000000000000001000000', '::1'],
  ['0000000000000000FFFF00000100007F', '127.0.0.1'],
  ['B80D0120000000000000000001000000', '2001:db8::1'],
  ['000080FE00000000FF540002BABE00FE', 'fe80::200:54ff:fe00:beba'],
] as const)
  test(`the address ${address} is read as people write it`, (t) => {
    const [socket] = parseInetSockets(udp6(hex), 'udp');
    t.like(socket, { protocol: 'udp', listens: true, connected: false, local: { address, port: 53 } });
  });

test('a descriptor’s mount and access are read from its fdinfo', (t) => {
  t.deepEqual(parseFdinfo('pos:\t0\nflags:\t0100001\nmnt_id:\t423\nino:\t7\n'), {
    mount: 423,
    access: 'write',
  });
  t.is(parseFdinfo('pos:\t0\nflags:\t02\nmnt_id:\t1\n').access, 'both');
  t.is(parseFdinfo('pos:\t0\nflags:\t02000000\nmnt_id:\t1\n').access, 'read');
});

test('device numbers are taken apart as glibc puts them together', (t) => {
  t.deepEqual(deviceNumbers(0x0103), [1, 3]);
  t.deepEqual(deviceNumbers(0x88_03), [136, 3]);
  // makedev(0x0a7, 0x12345)
  t.deepEqual(deviceNumbers(0x1230_a745), [0xa7, 0x12345]);
});
