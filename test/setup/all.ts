// What `npm test` runs: every check to its end, whatever the others say. Last line of stdout: N passed, N failed.
import { readdirSync, readFileSync, statSync } from 'node:fs';
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

// Labs of our own, so that one in use by hand is left alone.
const name = process.env['PHAUL_LAB'] ?? 'test';

const testFiles = readdirSync(join(projectDirectory, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join('test', file));
const needsLab = (file: string): boolean => file.endsWith('.lab.test.ts');

const scores: Score[] = [];
scores.push(...(await Promise.all(Object.entries(staticChecks).map(([name, argv]) => runCheck(name, argv)))));
scores.push(await runAva(testFiles.filter((file) => !needsLab(file))));
const labFiles = testFiles.filter(needsLab);
const needsMachines = (file: string): boolean =>
  readFileSync(join(projectDirectory, file), 'utf8').includes('vm-lab.ts');
const sizeOf = (file: string): number => statSync(join(projectDirectory, file)).size;
const onMachines = labFiles.filter(needsMachines);
// The largest first, which as a rule take longest: at the end no lane has much left alone.
const rest = labFiles.filter((file) => !needsMachines(file)).sort((a, b) => sizeOf(b) - sizeOf(a));
// Emulated processors keep a small machine's busy: two such labs at a time, or one beside two others, would be too slow for any time limit.
await Promise.all([
  runLabTests(name, onMachines).then(() =>
    Promise.all([runLabTests(name, rest), runLabTests(`${name}3`, rest)]),
  ),
  runLabTests(`${name}2`, rest),
]);

const passed = scores.reduce((sum, score) => sum + score.passed, 0);
const failed = scores.reduce((sum, score) => sum + score.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/**
 * Takes the next file of a queue as long as there is one. In some labs at the same time, because the tests mostly wait: for ssh, for a link that is cut, for a container to
 * settle. What a file says is shown when it has ended, with how long it took.
 */
async function runLabTests(lab: string, queue: string[]): Promise<void> {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const said: string[] = [];
    const show = (line: string): unknown => said.push(line);
    const began = performance.now();
    scores.push(await runAva([file], { options: ['--serial'], lab, show }));
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log([`# ${file} (${seconds} s)`, ...said].join('\n'));
  }
  await Promise.all([Lab.down(lab), VmLab.down(lab)]);
}
