import { stdin, stdout } from 'node:process';
import { serve, type Server } from '../rpc/server.ts';
import { targetSession } from './session.ts';

/** The target's side of one migration over standard input and output. Returns when the source is gone and all is tidied up. */
export async function runService(): Promise<void> {
  // sshd hangs up on the service when the connection breaks; it must live on to undo.
  for (const signal of ['SIGHUP', 'SIGPIPE', 'SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => stdin.destroy());
  let server: Server | null = null;
  const session = targetSession(
    (level, text) => server?.log(level, text),
    (progress) => server?.filling(progress),
  );
  server = serve(stdin, stdout, session.handlers);
  await server.closed;
  await session.end();
  stdin.destroy();
}
