import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bundled } from '../bundle.ts';
import { lanes } from '../lanes.ts';

/** What node runs. */
export const main: string = bundled('src/cli/main');

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const oneOfFew = lanes(4);

/** The whole program, as a user starts it. */
export const phaul = (...args: string[]): Promise<Outcome> => oneOfFew(() => start(args));

/** The same, after a program in JavaScript has done something to Node. */
export const phaulAfter = (code: string, ...args: string[]): Promise<Outcome> =>
  oneOfFew(() => start(args, ['--import', `data:text/javascript,${encodeURIComponent(code)}`]));

async function start(args: readonly string[], before: readonly string[] = []): Promise<Outcome> {
  const argv = [...before, main, ...args];
  return promisify(execFile)(process.execPath, argv, { timeout: 170_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}
