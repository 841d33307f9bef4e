// Every fault at every step: `npm run test:faults`. `-- --only TEXT` runs the cases whose names contain the text. Last line: N passed, N failed.
import { Lab } from '../lab/lab.ts';
import { allCases, type Case } from './cases.ts';
import { runCase } from './case-run.ts';
import { goWithoutFault, type Portraits } from './course-run.ts';
import { setStage } from './stage.ts';

process.env['PHAUL_LAB'] ??= 'faults';
const only = process.argv[process.argv.indexOf('--only') + 1];
const cases = allCases().filter(({ name }) => !process.argv.includes('--only') || name.includes(only ?? ''));
console.log(`${cases.length} cases`);

let lab = await Lab.up();
await setStage(lab);
const portraits = new Map<string, Portraits>();
let passed = 0;
const failed: string[] = [];
for (const each of cases) {
  const began = performance.now();
  const wrong = await attempt(each);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${wrong.length === 0 ? 'ok' : 'not ok'} - ${each.name} (${seconds} s)`);
  if (wrong.length === 0) passed++;
  else {
    failed.push(each.name);
    console.log(wrong.map((line) => `    ${line}`).join('\n'));
    lab = await Lab.up();
    await setStage(lab);
  }
}
await Lab.down();
for (const name of failed) console.log(`failed: ${name}`);
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 || passed === 0 ? 1 : 0;

async function attempt(each: Case): Promise<string[]> {
  try {
    let known = portraits.get(each.course.name);
    if (!known) {
      const { portraits: found, unexpected, missing } = await goWithoutFault(lab, each.course);
      known = found;
      portraits.set(each.course.name, known);
      if (unexpected.length + missing.length > 0)
        return [
          `steps that the table lacks: ${unexpected.join(', ')}; that did not come: ${missing.join(', ')}`,
        ];
    }
    return await runCase(lab, each, known);
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}
