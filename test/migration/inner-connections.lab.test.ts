// Servers whose clients are in the same container, and connect to them anew for each request: at any moment some connection is not accepted yet.
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { createContainer, ct101, removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { phaul } from './phaul.ts';

let lab: Lab;
let a: Host;
let b: Host;
test.before(async () => {
  lab = await Lab.up();
  [a, b] = [lab.host('a'), lab.host('b')];
});
test.afterEach.always(() => Promise.all([a, b].map((host) => removeContainer(host, 'ct101'))));
test.after.always(() => Lab.down());

/**
 * Servers over the loopback and at a Unix socket that take 2 ms for an answer, and three clients of each, which ask again a few milliseconds after it.
 * /data has a line for each error, and how many answers each client has had.
 */
const busy = `
import os, random, socket, time
def serve(listener):
    while True:
        s, _ = listener.accept()
        word = s.recv(64)
        time.sleep(0.002)
        s.sendall(word)
        s.close()
def ask(me, family, address):
    n = 0
    while True:
        n += 1
        word = f"{me} {n}".encode()
        try:
            with socket.socket(family) as s:
                s.settimeout(20)
                s.connect(address)
                s.sendall(word)
                got = b"".join(iter(lambda: s.recv(64), b""))
            if got != word: raise OSError(f"{got} for {word}")
        except OSError as error:
            with open("/data/errors", "a") as errors: errors.write(f"{me}: {error!r}\\n")
        with open(f"/data/new-{me}", "w") as answers: answers.write(str(n))
        os.replace(f"/data/new-{me}", f"/data/answers-{me}")
        time.sleep(random.expovariate(180))
open("/data/errors", "w").close()
for family, address in [(socket.AF_INET, ("127.0.0.1", 7000)), (socket.AF_UNIX, "/data/socket")]:
    listener = socket.socket(family)
    listener.bind(address)
    listener.listen(64)
    if os.fork() == 0: serve(listener)
    listener.close()
    for me in range(3):
        if os.fork() == 0: ask(f"{family.name}-{me}", family, address)
while True: time.sleep(60)`;

async function answers(host: Host): Promise<number[]> {
  const counts = await host.sh('cd /srv/ct101-data; for each in answers-*; do cat $each; echo; done');
  return counts.trim().split('\n').map(Number);
}

test.serial('clients in the container that connect for every request notice nothing', async (t) => {
  await createContainer(a, { ...ct101, args: ['python3', '-c', busy] });
  await a.sh('until [ $(ls /srv/ct101-data | grep -c answers-) = 6 ]; do sleep 0.05; done');
  for (const [from, to] of [
    [a, b],
    [b, a],
    [a, b],
    [b, a],
  ] as const) {
    const { exitCode, text, summary } = await phaul(from, ['-v', 'ct101', to.name]);
    t.is(exitCode, 0, text);
    t.log(
      `frozen for ${summary?.freezeMs} ms; ${/at attempt \d+/.exec(text)?.[0] ?? 'at the first attempt'}`,
    );
    // Each of them goes on.
    const before = await answers(to);
    while ((await answers(to)).some((count, index) => count <= before[index]!)) await sleep(50);
    t.is(await to.sh('cat /srv/ct101-data/errors'), '');
  }
});

/** Has a connection of its own that it accepts only when /data/go is there; then its word comes over it. */
const late = `
import os, socket, time
listener = socket.socket(socket.AF_UNIX)
listener.bind("/data/socket")
listener.listen(8)
client = socket.socket(socket.AF_UNIX)
client.connect("/data/socket")
open("/data/connected", "w").close()
while not os.path.exists("/data/go"): time.sleep(0.02)
server, _ = listener.accept()
client.sendall(b"hello")
with open("/data/heard", "w") as heard: heard.write(server.recv(64).decode())
while True: time.sleep(60)`;

test.serial('a Unix connection in which nothing was said moves, though nobody accepts it', async (t) => {
  await createContainer(a, { ...ct101, args: ['python3', '-c', late] });
  await a.sh('until [ -e /srv/ct101-data/connected ]; do sleep 0.05; done');
  const { exitCode, text } = await phaul(a, ['ct101', 'b']);
  t.is(exitCode, 0, text);
  await b.sh('cd /srv/ct101-data; touch go; until [ -s heard ]; do sleep 0.05; done');
  t.is(await b.sh('cat /srv/ct101-data/heard'), 'hello');
});
