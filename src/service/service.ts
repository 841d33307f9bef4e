import { stdin, stdout } from 'node:process';
import { PhaulError } from '../errors.ts';
import type { Log } from '../log/record.ts';
import type { Handlers, Params } from '../rpc/methods.ts';
import { attendance } from './attendance.ts';
import { keptLogs } from './kept-logs.ts';
import { serviceLog } from './logged.ts';
import { resume, type Words } from './resume.ts';
import { targetSession } from './session.ts';

/** The target's side of one migration over standard input and output. Returns when nothing is left to be done. @param log this host's */
export async function runService(log: Log): Promise<void> {
  // sshd hangs up on the service when the connection breaks; it must live on to undo, or to wait for the source.
  // (Not SIGPIPE, which Node ignores: any stream that the source has closed would raise it.)
  for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT'] as const) process.on(signal, () => stdin.destroy());
  const record = serviceLog(log);
  const listeners = attendance(() => {
    record.left();
    void session.left();
  });
  const say: Words['say'] = (level, text) => {
    record.say(level, text);
    listeners.log(level, text);
  };
  const session = targetSession(say, listeners.filling, (directory) => listeners.admit(directory, own));
  let greeted = false;
  const noMore = (): never => {
    throw new PhaulError('PROTOCOL_ERROR', 'This connection is not there to resume another.');
  };
  const logs: Handlers['logs'] = ({ migration }) => {
    if (!greeted) throw new PhaulError('PROTOCOL_ERROR', 'Who has not been greeted is told nothing.');
    return keptLogs(migration, Date.now());
  };
  const own: Handlers = record.logged({ ...session.handlers, resume: noMore, logs });
  // What another session began, if this connection was made to go on with it.
  let former: Partial<Handlers> = {};
  let leave = (): void => undefined;
  let ended = false;
  const either = <M extends 'commit' | 'fill' | 'abort' | 'finish'>(method: M): Handlers[M] =>
    ((params: never) => (former[method] ?? own[method])(params)) as Handlers[M];
  listeners.attend(stdin, stdout, {
    ...own,
    hello: async (params) => {
      const result = await own.hello(params);
      greeted = true;
      return result;
    },
    ...record.logged({
      resume: async ({ migration }: Params<'resume'>) => {
        if (!greeted) throw new PhaulError('PROTOCOL_ERROR', 'Who has not been greeted resumes nothing.');
        const words = { say, onFilling: listeners.filling };
        const resumed = await resume(migration, words);
        former = resumed.handlers ?? {};
        leave = resumed.leave;
        // Who asked has gone meanwhile.
        if (ended) leave();
        return resumed.result;
      },
    }),
    commit: either('commit'),
    fill: either('fill'),
    abort: either('abort'),
    finish: either('finish'),
  });
  // The promise alone keeps no process alive.
  const awake = setInterval(() => undefined, 1 << 30);
  await session.over;
  clearInterval(awake);
  ended = true;
  leave();
  listeners.close();
  stdin.destroy();
}
