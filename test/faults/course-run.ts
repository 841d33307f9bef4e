import type { Lab } from '../lab/lab.ts';
import type { NamespaceHost } from '../lab/namespace-host.ts';
import type { Course } from './courses.ts';
import { calm } from './calm.ts';
import { begin } from './prelude.ts';
import { portrait, type Portrait } from './look.ts';
import { pair } from './stage.ts';
import { told } from './steps.ts';
import { disarm } from './strike.ts';
import { startWorkload } from './workload.ts';

/** How the hosts look before a migration, and after one without a fault. */
export interface Portraits {
  readonly before: Portrait;
  readonly after: Portrait;
}

/** Goes a course without a fault. @returns how the hosts look, and the steps that came and those of the table that did not, or too many */
export async function goWithoutFault(
  lab: Lab,
  course: Course,
): Promise<{ portraits: Portraits; unexpected: string[]; missing: string[] }> {
  const [a, b] = pair(lab);
  await startWorkload(lab, course);
  await Promise.all(pair(lab).map(disarm));
  const before = await portrait(lab);
  const run = await begin(lab, course, [], async () => void (await Promise.all(pair(lab).map(disarm))));
  const { exitCode, text } = await run.ended;
  const left = await calm(lab);
  if (exitCode !== (course.prelude?.breaks === 'phaul' ? 137 : 0) || left.length > 0)
    throw new Error(`${course.name} without a fault ended with ${exitCode}: ${left.join('; ')}\n${text}`);
  const came = [...(await stepsOf(a, 'source')), ...(await stepsOf(b, 'target'))];
  const named = course.steps.map(told);
  return {
    portraits: { before, after: await portrait(lab) },
    unexpected: without(came, named),
    missing: without(named, came),
  };
}

async function stepsOf(host: NamespaceHost, role: 'source' | 'target'): Promise<string[]> {
  const lines = (await host.read('/faults/steps')).split('\n').filter(Boolean);
  return lines.map((line) => {
    const { command, step } = JSON.parse(line) as {
      command: 'migrate' | 'service' | 'recover';
      step: string;
    };
    return told({ host: role, by: command, name: step });
  });
}

/** Those that are left of the first when each of the others has taken one away. */
function without(list: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return list.filter((each) => {
    const at = rest.indexOf(each);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
