import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectDirectory } from '../lab/paths.ts';

/** How many tests passed and failed. */
export interface Score {
  readonly passed: number;
  readonly failed: number;
}

/** Runs a command of the project's tools as one test, and shows what it has printed when it has ended. */
export async function runCheck(name: string, argv: readonly string[]): Promise<Score> {
  const said: string[] = [];
  const passed = (await run(argv, (line) => said.push(line))) === 0;
  console.log([...said, `${passed ? 'ok' : 'not ok'} - ${name}`].join('\n'));
  return passed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

interface AvaSettings {
  readonly options?: readonly string[];
  /** The name of the lab that they use. */
  readonly lab?: string;
  readonly show?: (line: string) => void;
}

/** Runs test files under ava and counts their tests in its TAP output, which it shows. */
export async function runAva(
  files: readonly string[],
  { options = [], lab, show = console.log }: AvaSettings = {},
): Promise<Score> {
  if (files.length === 0) return { passed: 0, failed: 0 };
  let passed = 0;
  let failed = 0;
  const onLine = (line: string): void => {
    if (/^ok (?!.*# (SKIP|TODO))/.test(line)) passed++;
    if (/^not ok (?!.*# TODO)/.test(line)) failed++;
    if (!/^(TAP version|1\.\.|# (tests|pass|fail|skip|todo) |ok \d+ - .*%ava-internal)/.test(line))
      show(line);
  };
  const exitCode = await run(
    ['ava', '--tap', ...options, ...files],
    onLine,
    lab === undefined ? {} : { PHAUL_LAB: lab },
  );
  // Where ava itself fails there may be no test to blame.
  if (exitCode !== 0 && failed === 0) failed = 1;
  return { passed, failed };
}

async function run(
  [file = '', ...args]: readonly string[],
  onLine: (line: string) => void,
  more: NodeJS.ProcessEnv = {},
): Promise<number> {
  const env = {
    ...process.env,
    ...more,
    PATH: `${join(projectDirectory, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
  };
  const child = spawn(file, args, { cwd: projectDirectory, env, stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface(child.stdout).on('line', onLine);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return exitCode ?? 1;
}
