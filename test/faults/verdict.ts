import type { Lab } from '../lab/lab.ts';
import type { Traffic } from '../lab/traffic.ts';
import type { PhaulEnd } from '../migration/phaul.ts';
import type { Case } from './cases.ts';
import type { Portraits } from './course-run.ts';
import { looksLike, whereItRuns } from './look.ts';
import { overlaps, runsOn } from './overlap.ts';
import { pair } from './stage.ts';
import { workOf } from './workload.ts';

interface Evidence {
  readonly end: PhaulEnd;
  readonly portraits: Portraits;
  /** In live mode the client's, which has been at it all the time. */
  readonly traffic: Traffic | null;
  /** Whether what is not as it should be may still become so. */
  readonly patient: boolean;
}

/** The one rule for the end of every case, when both hosts are calm. @returns how it was broken */
export async function verdict(
  lab: Lab,
  each: Case,
  { end, portraits, traffic, patient }: Evidence,
): Promise<string[]> {
  const { course } = each;
  const { runc, itself } = await whereItRuns(lab);
  const report = await traffic?.stop();
  const wrong = overlaps((await Promise.all(pair(lab).map(runsOn))).flat(), course.mode);
  if (runc !== itself) wrong.push(`it runs on ${itself || 'none'}, and runc says ${runc || 'none'}`);
  if (!['a', 'b'].includes(itself)) return [...wrong, `it runs on ${itself || 'neither'}`];
  wrong.push(...consistent(each, end, itself));
  if (report && report.lost + report.doubled + (mayLoseConnections(each) ? 0 : report.errors.length) > 0)
    wrong.push(`its client: ${JSON.stringify(report)}`);
  if (course.mode === 'revive') wrong.push(...(await workOf(lab.host(itself as 'a' | 'b'))));
  wrong.push(...(await looksLike(lab, itself === 'a' ? portraits.before : portraits.after, patient)));
  return wrong;
}

/** What phaul said must be what there is. One that was killed says nothing. */
function consistent({ course, fault, step }: Case, { exitCode, error }: PhaulEnd, where: string): string[] {
  const killed =
    course.prelude?.breaks === 'phaul' || (step.by !== 'recover' && fault.kills?.(step) === 'source');
  if (killed !== (exitCode === 128 + 9)) return [`phaul ended with ${exitCode}`];
  // Who was in doubt has not said where it is.
  if (killed || error?.code === 'IN_DOUBT') return [];
  const said = error
    ? error.sourceState === 'running'
      ? 'a'
      : error.sourceState === 'gone'
        ? 'b'
        : '?'
    : 'b';
  if (said === where) return [];
  return [`it runs on ${where}, and phaul said: ${error?.code ?? 'ok'}, ${error?.sourceState ?? 'gone'}`];
}

/**
 * A CRIU that is killed when it has just dumped the connections, before phaul has heard of it and held the container, lets it run on with sockets in repair
 * mode: what the container writes to them then fails.
 */
function mayLoseConnections({ step, fault }: Case): boolean {
  return step.name === 'CRIU says post-dump' && fault.name === 'CRIU is killed';
}
