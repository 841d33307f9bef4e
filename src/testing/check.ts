import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DriverContext } from '../contracts/context.ts';
import { driverContext } from '../driver-context.ts';
import { PhaulError } from '../errors.ts';

/** One question of an examination, for any test runner: passed if `run` resolves. Each run has everything it needs for itself. */
export interface Check {
  /** A sentence about how a good driver behaves. */
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** What one run of a check works with. */
export interface Scene {
  /** An empty directory, which goes with the scene. */
  readonly home: string;
  /** What the core gives to a driver: one for each half. */
  readonly context: () => DriverContext;
  /** As Ctrl-C does: `signal` of all contexts is aborted. */
  readonly abort: () => void;
  /** While `work` goes on, every program that a driver starts with its context fails. Gives how `work` ended. */
  readonly whileProgramsFail: (work: () => Promise<unknown>) => Promise<unknown>;
  /** Called at the end, whatever happened; the last one first. */
  readonly after: (cleanUp: () => unknown) => void;
}

/** @param exec throws if the driver is not as `name` says */
export function check(name: string, exec: (scene: Scene) => Promise<void>): Check {
  return {
    name,
    run: async () => {
      const { scene, close } = openScene();
      try {
        await exec(scene);
      } finally {
        await close();
      }
    },
  };
}

function openScene(): { scene: Scene; close: () => Promise<void> } {
  const home = mkdtempSync('/tmp/phaul-check-');
  const aborter = new AbortController();
  const cleanUps: (() => unknown)[] = [];
  let contexts = 0;
  let failing = false;
  const unless =
    <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (failing) throw new PhaulError('DRIVER_FAILED', `${String(args[0])} fails, as this check wants.`);
      return call(...args);
    };
  const scene: Scene = {
    home,
    abort: () => aborter.abort(),
    after: (cleanUp) => void cleanUps.unshift(cleanUp),
    context: () => {
      const directory = join(home, `scratch-${++contexts}`);
      mkdirSync(directory);
      const context = driverContext(directory, aborter.signal, () => undefined);
      return { ...context, run: unless(context.run), attempt: unless(context.attempt) };
    },
    whileProgramsFail: async (work) => {
      failing = true;
      try {
        return await outcome(work());
      } finally {
        failing = false;
      }
    },
  };
  const close = async (): Promise<void> => {
    aborter.abort();
    for (const cleanUp of cleanUps) await cleanUp();
    rmSync(home, { recursive: true, force: true });
  };
  return { scene, close };
}

/** What came of it, or what was thrown: for work of which either may become. */
export const outcome = (work: Promise<unknown>): Promise<unknown> => work.catch((thrown: unknown) => thrown);
