#!/usr/bin/env node
import { asPhaulError, PhaulError } from '../errors.ts';
import { asLine } from '../log/lines.ts';
import { logTo } from '../log/log.ts';
import { failure } from '../log/of-events.ts';
import { newMigrationId } from '../migration/link.ts';
import { report } from '../migration/report.ts';
import { emitter } from '../observe/emitter.ts';
import { failureLines } from '../observe/ending.ts';
import { jsonLines } from '../observe/json-lines.ts';
import { plainText } from '../observe/plain-text.ts';
import { runProgram } from './program.ts';
import { wantsJson, wantsLog } from './wants.ts';

/** The one place where an error that no command reported becomes text and an exit code. */
async function main(args: readonly string[]): Promise<void> {
  try {
    await runProgram(args);
  } catch (thrown) {
    const error =
      thrown instanceof PhaulError || !isUsage(thrown)
        ? asPhaulError(thrown)
        : new PhaulError('USAGE', thrown.message);
    process.exitCode = error.exitCode;
    const format = wantsLog(args);
    if (format === null)
      for (const line of failureLines(report(error))) process.stderr.write(`${plainText(line)}\n`);
    else logTo((record) => process.stderr.write(asLine(record, format)), 'error')(failure(report(error)));
    if (!wantsJson(args)) return;
    const emit = emitter(newMigrationId(), [jsonLines((line) => process.stdout.write(line))]);
    emit({ type: 'result', ok: false, error: report(error.with({ sourceState: 'running' })) });
  }
}

/** yargs throws its own YError, or a plain Error, for everything that is wrong with the command line. */
function isUsage(thrown: unknown): thrown is Error {
  return thrown instanceof Error && (thrown.name === 'YError' || thrown.constructor === Error);
}

await main(process.argv.slice(2));
