import type { Act } from '../acts.ts';
import { asPhaulError } from '../errors.ts';
import type { About, Level, Log } from '../log/record.ts';
import type { Handlers, Method } from '../rpc/methods.ts';
import { done } from './log-words.ts';

/** What one process of the target's writes to this host's log. */
export interface ServiceLog {
  /** The handlers, whose outcome is logged. */
  readonly logged: <H extends Partial<Handlers>>(handlers: H) => H;
  /** A driver's words. */
  readonly say: (level: 'log' | 'warn', text: string) => void;
  /** Nobody is connected any more. */
  readonly left: () => void;
}

const actOf: Partial<Record<Method, Act>> = {
  hello: 'preflight',
  survey: 'preflight',
  check: 'preflight',
  begin: 'prepare',
  attach: 'prepare',
  prepare: 'prepare',
  arm: 'iterate',
  standBy: 'transfer',
  takeOver: 'transfer',
  checkpoint: 'restore',
  ready: 'restore',
  commit: 'commit',
  fill: 'fill',
};

export function serviceLog(log: Log): ServiceLog {
  let about: About = { host: 'target' };
  /** The source has begun, and has not said yet that it knows how it ended. */
  let underWay = false;
  const write = (level: Level, message: string, more: About = {}): void =>
    log({ level, message, ...about, ...more });

  const learn = (method: Method, params: unknown): void => {
    const { migration, container } = params as { migration?: string; container?: { id: string } };
    if (migration !== undefined) about = { ...about, migration };
    if (method === 'check') about = { ...about, container: container?.id };
    if (actOf[method]) about = { ...about, act: actOf[method] };
    if (method === 'begin') underWay = true;
    if (method === 'finish') underWay = false;
  };
  const wrap = <M extends Method>(method: M, handler: Handlers[M]): Handlers[M] =>
    (async (params: Parameters<Handlers[M]>[0]) => {
      learn(method, params);
      try {
        const result = await (handler as (asked: typeof params) => Promise<unknown>)(params);
        for (const [level, message] of done(method, params, result)) write(level, message);
        return result;
      } catch (thrown) {
        const { code, message } = asPhaulError(thrown);
        write('error', `${method}: ${code}: ${message}`, { code });
        throw thrown;
      }
    }) as unknown as Handlers[M];

  return {
    logged: (handlers) =>
      Object.fromEntries(
        Object.entries(handlers).map(([name, handler]) => [name, wrap(name as Method, handler as never)]),
      ) as typeof handlers,
    say: (level, text) => write(level === 'warn' ? 'warn' : 'debug', text),
    left: () => {
      if (underWay) write('warn', 'the source has gone: unless it is complete here, all is undone');
    },
  };
}
