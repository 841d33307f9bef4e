import { codes, type ErrorCode } from '../error-codes.ts';
import { PhaulError } from '../errors.ts';

/** How the core treats calls of one member of a driver or of one of its halves. */
export interface Rule {
  /**
   * - `work` is not begun when the migration is being undone; what undoes it waits for it.
   * - `once` is work that is not done again: whoever calls a second time gets the first call's outcome.
   * - `always` is begun whatever has happened: after the commit, or because the core undoes something by it.
   * - `end` tears down: it waits for what is under way, and once it has succeeded does nothing more. If it has failed it can be called again.
   */
  readonly kind: 'work' | 'once' | 'always' | 'end';
  /** It fails if it takes longer. Whatever it does then is its own affair. */
  readonly limitMs?: number;
  /** It lasts for as long as the other half wants it to: that is not worth a line. */
  readonly lasts?: true;
  /** It gives its result at once. All others give promises, whatever the driver's own do. */
  readonly atOnce?: true;
}

/** For each member that can be called. */
export type Rules<Half> = {
  readonly [
    Member in keyof Half as NonNullable<Half[Member]> extends (...args: never) => unknown ? Member : never
  ]-?: Rule;
};

/** Whose members they are. */
export interface Owner {
  /** Errors begin with it, and the line about a slow call. */
  readonly name: string;
  /** Errors with a code of phaul's, too, which are for the user as they are otherwise. */
  readonly namesAll?: boolean;
  readonly signal?: AbortSignal;
  readonly log?: (text: string) => void;
}

// A call that takes longer is worth a line in the log.
const slowMs = 1000;

type Call = (...args: unknown[]) => unknown;

/**
 * A driver, or one of its halves, as the core uses it, so that the driver itself can stay naive. Each member keeps its rule, says whose error it was, and how
 * long it took if that was long. What is no function is as it was.
 * @param underWay what `end` waits for: shared by a half and its parts
 */
export function guarded<Half extends object>(
  half: Half,
  rules: Rules<Half>,
  owner: Owner,
  underWay = new Set<Promise<unknown>>(),
): Half {
  const members = Object.entries(rules as Readonly<Record<string, Rule>>).flatMap(([name, rule]) => {
    const call = (half as Readonly<Record<string, Call | undefined>>)[name];
    return call ? [[name, keeping(rule, name, (...args) => call.apply(half, args), underWay, owner)]] : [];
  });
  return { ...half, ...(Object.fromEntries(members) as Partial<Half>) };
}

function keeping(rule: Rule, name: string, call: Call, underWay: Set<Promise<unknown>>, owner: Owner): Call {
  const plain = attributed(rule, name, call, owner);
  if (rule.kind === 'end') return ending(plain, underWay);
  const tracked: Call = (...args) => {
    if (rule.kind !== 'always' && owner.signal?.aborted)
      return Promise.reject(new PhaulError('CANCELLED', `${owner.name}: ${name} was not begun.`));
    const result = plain(...args);
    if (!(result instanceof Promise)) return result;
    underWay.add(result);
    const over = (): boolean => underWay.delete(result);
    result.then(over, over);
    return result;
  };
  if (rule.kind !== 'once') return tracked;
  let first: unknown;
  return (...args) => (first ??= tracked(...args));
}

function ending(call: Call, underWay: ReadonlySet<Promise<unknown>>): Call {
  let begun: Promise<unknown> | null = null;
  const end = async (args: unknown[]): Promise<unknown> => {
    await Promise.allSettled(underWay);
    try {
      return await call(...args);
    } catch (error) {
      begun = null;
      throw error;
    }
  };
  return (...args) => (begun ??= end(args));
}

/** The call with its time taken and limited, and its errors named. */
function attributed({ limitMs, lasts, atOnce }: Rule, name: string, call: Call, owner: Owner): Call {
  if (atOnce)
    return (...args) => {
      try {
        return call(...args);
      } catch (thrown) {
        throw driverError(owner, thrown);
      }
    };
  return async (...args) => {
    const began = performance.now();
    try {
      return await within(limitMs, name, Promise.resolve(call(...args)));
    } catch (thrown) {
      throw driverError(owner, thrown);
    } finally {
      const tookMs = performance.now() - began;
      if (tookMs > slowMs && !lasts) owner.log?.(`${owner.name}: ${name} took ${Math.round(tookMs)} ms.`);
    }
  };
}

/** @throws DRIVER_FAILED at the limit */
export async function within<T>(limitMs: number | undefined, what: string, work: Promise<T>): Promise<T> {
  if (limitMs === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new PhaulError('DRIVER_FAILED', `${what} has not ended after ${limitMs / 1000} s.`);
    timer = setTimeout(() => reject(error), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a driver threw, saying whose it was. A code of phaul's is kept, whoever made the error: a driver need not import phaul for it. */
function driverError({ name, namesAll = false }: Owner, thrown: unknown): PhaulError {
  const error = thrown instanceof PhaulError ? thrown : foreign(thrown);
  const forTheUser = error.code !== 'DRIVER_FAILED' && !namesAll;
  if (forTheUser || error.code === 'CANCELLED') return error;
  return new PhaulError(error.code, `${name}: ${error.message}`, { ...error.details, cause: thrown });
}

function foreign(thrown: unknown): PhaulError {
  const { message = String(thrown), code, hint } = Object(thrown) as Partial<Record<string, unknown>>;
  const known =
    typeof code === 'string' && Object.hasOwn(codes, code) ? (code as ErrorCode) : 'DRIVER_FAILED';
  const advice = typeof hint === 'string' ? { hint } : {};
  return new PhaulError(known, String(message), { ...advice, cause: thrown });
}
