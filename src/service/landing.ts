import type { Json } from '../contracts/context.ts';
import { asPhaulError } from '../errors.ts';
import type { Result } from '../rpc/methods.ts';
import type { TargetParts } from './check.ts';
import { startHere } from './start.ts';

/** The commit on the target: the container is let run, or nothing of it is left that could. */
export interface Landing {
  /** @throws what went wrong; then nothing runs here, and the container's address is gone. Once only */
  readonly land: (devices: readonly Json[]) => Promise<Result<'commit'>>;
  /** Whether it has landed, waiting for the end of a `land` that is under way. False if there was none. */
  readonly landed: () => Promise<boolean>;
}

interface LandingOptions {
  readonly parts: TargetParts;
  /** Live mode: lets the restored tasks run; `open` is to be called before the first of them does. */
  readonly letGo: ((open: () => Promise<void>) => Promise<{ pid: number }>) | null;
  /** Revive mode: false leaves it stopped. */
  readonly start: boolean;
  readonly say: (level: 'log' | 'warn', text: string) => void;
}

export function landing({ parts, letGo, start, say }: LandingOptions): Landing {
  const { container, devices } = parts;
  let result: Promise<Result<'commit'>> | null = null;

  /** Too late to refuse: a device that fails is a warning. */
  const open = async (handed: readonly Json[]): Promise<void> => {
    const failed = (error: unknown): void =>
      say('warn', `A device is not in place: ${asPhaulError(error).message}`);
    await Promise.all(devices.map((device, index) => device.activate(handed[index] ?? null).catch(failed)));
  };
  /** The source takes the container back as soon as it hears of the failure. What fails here fails in the undo again, and is reported. */
  const closeAgain = async (): Promise<void> => {
    for (const each of [container, ...devices.toReversed()]) await each.abort().catch(() => undefined);
  };
  const takeOff = async (handed: readonly Json[]): Promise<Result<'commit'>> => {
    if (!letGo) return startHere(container, () => open(handed), start);
    const { pid } = await letGo(() => open(handed));
    return { pid, watchedMs: 0, startByHand: null };
  };
  return {
    land: (handed) => {
      result = takeOff(handed);
      return result.catch(async (error: unknown) => {
        await closeAgain();
        throw error;
      });
    },
    landed: async () =>
      (await result?.then(
        () => true,
        () => false,
      )) ?? false,
  };
}
