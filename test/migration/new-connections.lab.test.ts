// Servers to which clients connect anew for each request: at any moment some connection is not accepted yet.
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { RunningCommand } from '../lab/command.ts';
import { createContainer, ct101, removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { phaul, startPhaul } from './phaul.ts';
import { failed } from './stage.ts';

let lab: Lab;
let a: Host;
let b: Host;
let c: Host;
test.before(async () => {
  lab = await Lab.up();
  [a, b, c] = [lab.host('a'), lab.host('b'), lab.host('c')];
});
test.afterEach.always(() => Promise.all([a, b].map((host) => removeContainer(host, 'ct101'))));
test.after.always(() => Lab.down());

/** Answers each connection with what it sent, 2 ms after it has accepted it, one at a time. */
const server = `
import socket, time
listener = socket.create_server(("::", 7000), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
while True:
    s, _ = listener.accept()
    time.sleep(0.002)
    while data := s.recv(64): s.sendall(data)
    s.close()`;

/** Four at once, each connecting again and again; after SIGTERM it says how many answers were right, and all errors. */
const client = `
import json, signal, socket, threading, time
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
answers, errors, longest = [], [], [0]
def ask(me):
    n = 0
    while not over.is_set():
        n += 1
        word, began = f"{me} {n}", time.monotonic()
        try:
            with socket.create_connection(("10.77.0.101", 7000), timeout=20) as s:
                s.sendall(word.encode()); s.shutdown(socket.SHUT_WR)
                got = s.recv(64).decode()
                (answers if got == word else errors).append(got)
        except OSError as error:
            errors.append(repr(error))
        longest[0] = max(longest[0], time.monotonic() - began)
while True:
    try: socket.create_connection(("10.77.0.101", 7000)).close()
    except OSError: time.sleep(0.05)
    else: break
threads = [threading.Thread(target=ask, args=(me,)) for me in range(4)]
for each in threads: each.start()
while len(answers) < 10: time.sleep(0.01)
print("started", flush=True)
while not over.wait(1): pass
for each in threads: each.join()
print(json.dumps({"answers": len(answers), "errors": errors, "longestMs": longest[0] * 1000}))`;

interface Seen {
  readonly answers: number;
  readonly errors: readonly string[];
  readonly longestMs: number;
}

async function startClients(): Promise<() => Promise<Seen>> {
  const running = await new Promise<RunningCommand>((resolve, reject) => {
    const command = c.spawn(['python3', '-c', client], { onLine: () => resolve(command) });
    command.result.catch(reject);
  });
  return async () => {
    running.kill('SIGTERM');
    return JSON.parse((await running.result).stdout.split('\n')[1] ?? '') as Seen;
  };
}

test.serial('clients that connect for every request notice nothing but the freeze', async (t) => {
  await createContainer(a, { ...ct101, args: ['python3', '-c', server] });
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const stop = await startClients();
    const { exitCode, text, summary } = await phaul(from, ['ct101', to.name]);
    t.is(exitCode, 0, text);
    const { answers, errors, longestMs } = await stop();
    t.deepEqual(errors, []);
    t.log(`${answers} answers; the longest took ${longestMs} ms, the freeze ${summary?.freezeMs} ms`);
  }
});

/** Listens, and accepts nobody. */
const deaf = `
import socket, time
listener = socket.create_server(("", 7000), backlog=64)
while True: time.sleep(60)`;

/** Succeeds when it has connected, be it at the fifth attempt. */
const connect = [
  'python3',
  '-c',
  'import socket; socket.create_connection(("10.77.0.101", 7000), timeout=30)',
];
const connected = async (): Promise<void> => {
  while ((await c.run(connect, { check: false })).exitCode !== 0) await sleep(50);
};

test.serial(
  'a container that does not accept who waits for it is not frozen, and is there for others',
  async (t) => {
    await createContainer(a, { ...ct101, args: ['python3', '-c', deaf] });
    await connected();
    const end = await phaul(a, ['ct101', 'b']);
    failed(t, end, {
      code: 'CONNECTIONS_WAITING',
      act: 'iterate',
      host: 'source',
      message: /The container does not accept the connections that wait for it: 1 at port 7000\./,
    });
    t.false(end.events.some(({ type }) => type === 'frozen'));
    await c.run(connect);
    t.is(await a.sh('tc qdisc show dev vct101 clsact'), '');
  },
);

test.serial('with --no-tcp a process tree in the host’s network goes without them', async (t) => {
  // Its pid is to be free on the other host.
  const pid = await a.sh(`echo 30000 >/proc/sys/kernel/ns_last_pid
    setsid python3 -c '${deaf}' job </dev/null >/dev/null 2>&1 & echo $!`);
  try {
    await c.sh(
      `until python3 -c 'import socket; socket.create_connection(("${a.address}", 7000))'; do :; done`,
    );
    const { exitCode, text } = await phaul(a, ['--no-tcp', pid, 'b']);
    t.is(exitCode, 0, text);
    await c.run([
      'python3',
      '-c',
      `import socket; socket.create_connection(("${b.address}", 7000), timeout=30)`,
    ]);
  } finally {
    for (const host of [a, b]) await host.sh(`kill -KILL ${pid} || true`);
  }
});

test.serial('with --no-tcp a container goes, too, that accepts nobody', async (t) => {
  await createContainer(a, { ...ct101, args: ['python3', '-c', deaf] });
  await connected();
  const { exitCode, text } = await phaul(a, ['--no-tcp', 'ct101', 'b']);
  t.is(exitCode, 0, text);
  await c.run(connect);
});

test.serial('phaul is killed while it turns new connections away: they are let in again', async (t) => {
  await createContainer(a, { ...ct101, args: ['python3', '-c', deaf] });
  await connected();
  const run = startPhaul(a, ['ct101', 'b']);
  await run.event({ type: 'decision' });
  await a.sh('until tc filter show dev vct101 egress 2>/dev/null | grep -q bpf; do sleep 0.01; done');
  run.kill('SIGKILL');
  await run.ended;
  await c.run(connect);
  t.is(await a.sh('tc qdisc show dev vct101 clsact'), '');
});
