import type { Summary } from '../observe/events.ts';
import { commit } from './commit.ts';
import type { Between } from './decided.ts';
import { farewell } from './farewell.ts';
import { fill } from './fill.ts';
import { freeze } from './freeze.ts';
import { restore, transfer } from './hand-over.ts';
import { iterate } from './iterate.ts';
import { act, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';
import { prepare, type Prepared } from './prepare.ts';
import { release } from './release.ts';
import { summarize } from './summary.ts';
import { takeOver, untilCommitted } from './take-over.ts';
import { watching } from './watching.ts';

/** Live mode: memory moves, the processes never notice. All acts after preflight, in order. */
export async function live(m: Migration, plan: Plan): Promise<Summary> {
  const prepared = await act(m, 'prepare', () => prepare(m, plan));
  const expected = plan.forecast.end(plan.memory);
  const armed = await act(m, 'iterate', () => iterate(m, plan, prepared));
  const { frozen, sent } = await watching(m, armed.pages, armed, async () => {
    const still = await act(m, 'freeze', () => freeze(m, plan, armed));
    return { frozen: still, sent: await act(m, 'transfer', () => transfer(m, plan, armed, still)) };
  });
  const between: Between = {
    held: () => frozen.held,
    doubt: async () => {
      await frozen.letGo();
      endStreams(prepared);
      return 'frozen';
    },
  };
  const { pid, freezeMs } = await untilCommitted(m, plan, between, async () => {
    await act(m, 'restore', async () => {
      await takeOver(m, plan, between);
      await restore(m, plan, armed);
    });
    return act(m, 'commit', async () => {
      const result = await commit(m, plan, between);
      const frozenMs = frozen.frozenMs();
      m.emit({ type: 'running', freezeMs: Math.round(frozenMs * 10) / 10 }, 'target');
      return { ...result, freezeMs: frozenMs };
    });
  });
  let pages = armed.iterations.reduce((sum, each) => sum + each.pages, 0);
  await act(m, 'release', () =>
    release(m, plan, async () => {
      try {
        pages += await frozen.giveUp();
      } finally {
        endStreams(prepared);
      }
    }),
  );
  let filled: Summary['fill'] = null;
  try {
    if (plan.lazy) filled = await act(m, 'fill', () => fill(m, plan));
  } finally {
    await farewell(m, plan);
  }
  return summarize(m, plan, {
    estimate: expected,
    iterations: armed.iterations,
    freezeMs,
    pages,
    images: sent.images,
    copied: prepared.copied,
    filled,
    lastSync: sent.files,
    pid,
    stop: null,
    startWith: null,
  });
}

/** A direct connection to a host that has fallen silent would stay, and keep this process. */
function endStreams({ pages, images }: Prepared): void {
  pages.end();
  images.destroy();
}
