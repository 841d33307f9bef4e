import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { parkedDescriptors } from '../../src/linux/parked-descriptors.ts';
import { socketPair, socketTypes } from '../../src/linux/socket-pair.ts';

test('descriptors that are parked with a process are open until it ends, though all others have closed them', async (t) => {
  const parked = parkedDescriptors();
  const keeper = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore', parked.holder] });
  parked.handedOver();
  let open = 0;
  // More than the kernel's usual buffer of a socket has room for.
  const ends = Array.from({ length: 3000 }, () => {
    const [ours, theirs] = socketPair(socketTypes.stream);
    parked.park(theirs);
    closeSync(theirs);
    const socket = new Socket({ fd: ours, readable: true, writable: true });
    open++;
    socket.on('end', () => open--).resume();
    return once(socket, 'close');
  });
  parked.close();
  await sleep(50);
  t.is(open, 3000);
  keeper.stdin?.end();
  await Promise.all(ends);
  t.is(open, 0);
});
