import type { Summary } from '../observe/events.ts';
import { act, type Migration } from './migration.ts';
import { freeze } from './freeze.ts';
import { commit, restore, transfer } from './hand-over.ts';
import { iterate } from './iterate.ts';
import type { Plan } from './preflight.ts';
import { prepare } from './prepare.ts';
import { release } from './release.ts';

const pageSize = 4096;

/** Live mode: memory moves, the processes never notice. All acts after preflight, in order. */
export async function live(m: Migration, plan: Plan): Promise<Summary> {
  const { copied, swrk } = await act(m, 'prepare', () => prepare(m, plan));
  const armed = await act(m, 'iterate', () => iterate(m, plan, swrk));
  const frozen = await act(m, 'freeze', () => freeze(m, plan, armed));
  const sent = await act(m, 'transfer', () => transfer(m, armed, frozen));
  await act(m, 'restore', () => restore(plan, armed));
  const { pid } = await act(m, 'commit', () => commit(m, plan, frozen));
  const freezeMs = Math.round(frozen.frozenMs() * 10) / 10;
  const released = await act(m, 'release', () => release(m, plan, frozen));
  const pages = armed.iterations.reduce((sum, each) => sum + each.pages, released.pages);
  return {
    container: plan.container.description.id,
    source: plan.sourceHost,
    target: plan.link.host,
    mode: 'live',
    htype: plan.htype,
    fs: plan.fsName,
    acts: m.acts,
    freezeMs,
    iterations: armed.iterations,
    pages,
    bytes: {
      mem: pages * pageSize,
      images: sent.images,
      fs: armed.iterations.reduce((sum, each) => sum + each.fsBytes, copied.bytes + sent.files.bytes),
    },
    pid,
    warnings: m.warnings,
  };
}
