#!/usr/bin/env node
import { asPhaulError, PhaulError } from '../errors.ts';
import { asLine } from '../log/lines.ts';
import { logTo } from '../log/log.ts';
import { failure } from '../log/of-events.ts';
import { newMigrationId } from '../migration/link.ts';
import { report } from '../migration/report.ts';
import { emitter } from '../observe/emitter.ts';
import { failureLines } from '../observe/ending.ts';
import type { Result } from '../observe/events.ts';
import { jsonLines } from '../observe/json-lines.ts';
import { plainText } from '../observe/plain-text.ts';
import { uncaught, withoutCrash } from './crash.ts';
import { runProgram } from './program.ts';
import { resultIsSaid } from './result-said.ts';
import { wantsJson, wantsLog } from './wants.ts';

/** The one place where an error that no command reported becomes text and an exit code. */
async function main(args: readonly string[]): Promise<void> {
  const json = wantsJson(args);
  // What yargs has to say by itself: help, or the version.
  let text = '';
  try {
    await withoutCrash(() => runProgram(args, json ? (said) => (text += said) : undefined));
    const crash = resultIsSaid() ? null : uncaught();
    if (crash) throw crash;
    if (text !== '') say({ type: 'result', ok: true, text });
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
    if (!json || resultIsSaid()) return;
    const sourceState = error.code === 'INTERNAL' ? 'unknown' : 'running';
    say({ type: 'result', ok: false, error: report(error.with({ sourceState })) });
  }
}

/** Of what is no migration, in the form of a migration's. */
function say(result: Result): void {
  const emit = emitter(newMigrationId(), [jsonLines((line) => process.stdout.write(line))]);
  emit(result);
}

/** yargs throws its own YError, or a plain Error, for everything that is wrong with the command line. */
function isUsage(thrown: unknown): thrown is Error {
  return thrown instanceof Error && (thrown.name === 'YError' || thrown.constructor === Error);
}

await main(process.argv.slice(2));
