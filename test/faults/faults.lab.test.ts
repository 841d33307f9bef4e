// That the table of the protocol is complete, and a sample of the faults; all of them: npm run test:faults.
import test from 'ava';
import { Lab } from '../lab/lab.ts';
import { methods } from '../../src/rpc/methods.ts';
import { states } from '../../src/journal/story.ts';
import { runCase } from './case-run.ts';
import { allCases } from './cases.ts';
import { courses } from './courses.ts';
import { goWithoutFault, type Portraits } from './course-run.ts';
import { sample } from './sample.ts';
import { setStage } from './stage.ts';

let lab: Lab | null = null;
const portraits = new Map<string, Portraits>();

/** A lab where one has failed is made anew. */
async function staged(): Promise<Lab> {
  if (lab) return lab;
  lab = await Lab.up();
  await setStage(lab);
  return lab;
}
test.after.always(() => Lab.down());

test('every message and every state of the journal is a step of some course', (t) => {
  const steps = courses.flatMap((course) => course.steps.map(({ name }) => name));
  // `logs` is for afterwards.
  for (const method of Object.keys(methods).filter((each) => each !== 'logs'))
    for (const verb of ['asks', 'takes', 'answers', 'hears'])
      t.true(steps.includes(`${verb} ${method}`), method);
  for (const state of states)
    if (state !== 'open')
      t.true(
        steps.some((name) => name.endsWith(`s ${state}`) || name.endsWith(`d ${state}`)),
        state,
      );
});

for (const course of courses)
  test.serial(
    `without a fault, ${course.name} comes to the steps of the table and to no other`,
    async (t) => {
      const found = await goWithoutFault(await staged(), course);
      portraits.set(course.name, found.portraits);
      t.deepEqual([found.unexpected, found.missing], [[], []]);
    },
  );

const cases = allCases();
for (const each of sample(cases))
  test.serial(`of ${cases.length}: ${each.name}`, async (t) => {
    const wrong = await runCase(await staged(), each, portraits.get(each.course.name)!);
    if (wrong.length > 0) lab = null;
    t.is(wrong.join('\n'), '');
  });
