// Every fault at every step: `npm run test:faults`. Last line: N passed, N failed.
//   -- --only REGEX   the cases with such names, for instance --only '^lazy 34,'
//   -- --labs N       in so many labs at the same time; most cases only wait
import { parseArgs } from 'node:util';
import { allCases } from './cases.ts';
import { runCases } from './runner.ts';

// Labs of its own, so that one in use by hand is left alone.
process.env['PHAUL_LAB'] ??= 'faults';
const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, labs: { type: 'string', default: '2' } },
});
const wanted = new RegExp(values.only);
const cases = allCases().filter(({ name }) => wanted.test(name));
console.log(`${cases.length} cases`);
const failed = new Set<string>();
const began = performance.now();
await runCases(cases, Number(values.labs), (name, wrong, seconds) => {
  console.log(`${wrong.length === 0 ? 'ok' : 'not ok'} - ${name} (${seconds.toFixed(1)} s)`);
  for (const line of wrong) console.log(`    ${line.replaceAll('\n', '\n    ')}`);
  if (wrong.length > 0) failed.add(name);
});
for (const name of failed) console.log(`failed: --only '^${name}$'`);
console.log(`${Math.round((performance.now() - began) / 1000)} s`);
console.log(`${cases.length - failed.size} passed, ${failed.size} failed`);
process.exitCode = failed.size > 0 || cases.length === 0 ? 1 : 0;
