import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { listenersOf } from '../../src/linux/listening.ts';

// Two that listen in a network of their own, and accept nobody; to one of them somebody has connected, twice.
const deaf = `
import socket, subprocess, time
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
four = socket.create_server(("127.0.0.1", 7001), backlog=8)
six = socket.create_server(("::1", 7002), family=socket.AF_INET6, backlog=8)
clients = [socket.create_connection(("::1", 7002)) for _ in range(2)]
print("listens", flush=True)
time.sleep(600)`;

test('the sockets that listen in another network namespace, and who waits there', async (t) => {
  const child = spawn('unshare', ['--net', 'python3', '-c', deaf], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const listeners = listenersOf(child.pid!);
  t.teardown(listeners.close);
  for (const _ of ['once', 'again'])
    t.deepEqual(listeners.look(), [
      { port: 7001, unaccepted: 0 },
      { port: 7002, unaccepted: 2 },
    ]);
});
