#!/usr/bin/env node
import { asPhaulError, PhaulError } from '../errors.ts';
import { program } from './program.ts';

/** The one place where an error that no command reported becomes text and an exit code. */
async function main(args: readonly string[]): Promise<void> {
  try {
    await program(args).parseAsync();
  } catch (thrown) {
    const error =
      thrown instanceof PhaulError || !isUsage(thrown)
        ? asPhaulError(thrown)
        : new PhaulError('USAGE', thrown.message);
    process.exitCode = error.exitCode;
    if (args.includes('--json')) {
      const report = {
        code: error.code,
        message: error.message,
        hint: error.hint,
        sourceState: 'running',
        exitCode: error.exitCode,
      };
      process.stdout.write(`${JSON.stringify({ type: 'result', ok: false, error: report })}\n`);
    } else process.stderr.write(`${error.code}: ${error.message}\n  ${error.hint}\n`);
  }
}

/** yargs throws its own YError, or a plain Error, for everything that is wrong with the command line. */
function isUsage(thrown: unknown): thrown is Error {
  return thrown instanceof Error && (thrown.name === 'YError' || thrown.constructor === Error);
}

await main(process.argv.slice(2));
