import type { ExecutionContext } from 'ava';
import type { Host } from './host.ts';

/** Fails where a host of some kind does not run commands and keep files as every host does. */
export async function runsCommands(t: ExecutionContext, a: Host): Promise<void> {
  t.deepEqual(await a.run(['cat'], { input: 'in' }), { stdout: 'in', stderr: '', exitCode: 0 });
  t.is(await a.sh('printf "%s|" "$(pwd)" "$HOME" "$(whoami)"; env | grep -c ^SSH || true'), '/|/root|root|0');
  t.is((await a.run(['printf', '%s', `it's "$HOME" \\ *`])).stdout, `it's "$HOME" \\ *`);
  t.is((await a.run(['sh', '-c', 'exit 7'], { check: false })).exitCode, 7);
  await t.throwsAsync(a.run(['false']), { message: /^a: false ended with 1/ });
  await t.throwsAsync(a.run(['no-such-command']), { message: /no-such-command/ });
  await t.throwsAsync(a.run(['sleep', '1234'], { timeoutMs: 50 }), { message: /longer than 50 ms/ });
  await a.sh('while pgrep -f "^sleep 1234" >/dev/null; do sleep 0.02; done');

  const script = 'trap "echo caught; exit 3" TERM; echo ready; while :; do sleep 0.01; done';
  t.deepEqual(await signalled(a, script, 'SIGTERM'), { stdout: 'ready\ncaught\n', stderr: '', exitCode: 3 });
  t.is((await signalled(a, 'echo ready; while :; do sleep 0.01; done', 'SIGKILL')).exitCode, 128 + 9);

  await a.write('/srv/file', 'text');
  t.is(await a.read('/srv/file'), 'text');
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  await a.write('/srv/file', bytes);
  t.is(await a.sh('base64 --wrap 0 /srv/file; rm /srv/file'), Buffer.from(bytes).toString('base64'));
}

/** Runs shell text that says `ready`, and sends it a signal then. */
function signalled(host: Host, script: string, signal: NodeJS.Signals): ReturnType<Host['run']> {
  return new Promise((resolve, reject) => {
    const running = host.spawn(['sh', '-c', script], { check: false, onLine });
    function onLine(line: string): void {
      if (line === 'ready') running.kill(signal);
    }
    running.result.then(resolve, reject);
  });
}
