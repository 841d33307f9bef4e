// What `npm test` runs: every check to its end, whatever the others say. Last line of stdout: N passed, N failed.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from '../lab/lab.ts';
import { projectDirectory } from '../lab/paths.ts';
import { VmLab } from '../lab/vm/vm-lab.ts';
import { type Score, runAva, runCheck } from './checks.ts';

/** Each is one test: it passes if the command exits with 0. */
const staticChecks: Readonly<Record<string, readonly string[]>> = {
  formatting: ['prettier', '--check', '--log-level', 'warn', '.'],
  lint: ['npm', 'run', '--silent', 'lint'],
  types: ['tsc', '--noEmit'],
  docs: ['tsx', 'test/setup/cli-reference.ts', '--check'],
};

// A lab of its own, so that one in use by hand is left alone.
process.env['PHAUL_LAB'] ??= 'test';
const secondLab = `${process.env['PHAUL_LAB']}2`;

const testFiles = readdirSync(join(projectDirectory, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join('test', file));
const needsLab = (file: string): boolean => file.endsWith('.lab.test.ts');

const scores: Score[] = [];
for (const [name, argv] of Object.entries(staticChecks)) scores.push(await runCheck(name, argv));
scores.push(await runAva(testFiles.filter((file) => !needsLab(file))));
scores.push(...(await runLabs(testFiles.filter(needsLab))));
await Promise.all([Lab.down(), VmLab.down()]);
process.env['PHAUL_LAB'] = secondLab;
await Lab.down();

const passed = scores.reduce((sum, score) => sum + score.passed, 0);
const failed = scores.reduce((sum, score) => sum + score.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/**
 * In two labs at the same time, because the tests mostly wait: for ssh, for a link that is cut, for a container to settle. In each, one after the other. What
 * the second one says is shown when the first has ended.
 */
async function runLabs(files: readonly string[]): Promise<Score[]> {
  const options = ['--concurrency', '1', '--serial'];
  const inSecond = (file: string): boolean =>
    /faults|external|concurrency|revive|refusal|fs-drivers|htypes/.test(file);
  const said: string[] = [];
  const second = runAva(files.filter(inSecond), {
    options,
    lab: secondLab,
    show: (line) => said.push(line),
  });
  const first = await runAva(
    files.filter((file) => !inSecond(file)),
    { options },
  );
  const scores = [first, await second];
  console.log(said.join('\n'));
  return scores;
}
