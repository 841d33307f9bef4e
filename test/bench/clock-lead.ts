import type { Host } from '../lab/host.ts';

// A connection that is there is asked again and again: the quickest answer knows best.
const ask = `
import subprocess, sys, time
answer = "import sys, time\\nfor line in sys.stdin: print(time.time(), flush=True)"
host = subprocess.Popen(["ssh", sys.argv[1], f"python3 -c '{answer}'"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
best = (float("inf"), 0)
for _ in range(30):
    began = time.time()
    print("?", file=host.stdin, flush=True)
    there = float(host.stdout.readline())
    ended = time.time()
    best = min(best, (ended - began, there - (began + ended) / 2))
print(best[1] * 1000)
host.stdin.close()
host.wait()`;

/** By how many ms the clock of `other` is ahead of that of `host`. */
export async function clockLead(host: Host, other: Host): Promise<number> {
  return Number((await host.run(['python3', '-c', ask, other.name])).stdout);
}
