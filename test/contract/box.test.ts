import test from 'ava';
import type { HType, SourceContainer, TargetContainer } from '../../src/contracts/htype.ts';
import { type Check, htypeChecks } from '../../src/testing/index.ts';
import { boxes, kennel } from './box.ts';
import { examine } from './examine.ts';
import { notices } from './notices.ts';

examine(htypeChecks(boxes, kennel));

const withTarget = (change: (half: TargetContainer) => Partial<TargetContainer>): HType => ({
  ...boxes,
  target: (description, ctx) => {
    const half = boxes.target(description, ctx);
    return { ...half, ...change(half) };
  },
});
const withSource = (change: (half: SourceContainer) => Partial<SourceContainer>): HType => ({
  ...boxes,
  source: async (name, options, ctx) => {
    const half = await boxes.source(name, options, ctx);
    return { ...half, ...change(half) };
  },
});
const checksOf = (htype: HType): Check[] => htypeChecks(htype, kennel);
const nothing = (): Promise<void> => Promise.resolve();

test(
  'undoes nothing',
  notices,
  checksOf(withTarget(() => ({ abort: nothing }))),
  /^(live|revive): undone .*(restored|start) it leaves/,
);
test(
  'knows everything',
  notices,
  checksOf({ ...boxes, knows: () => Promise.resolve(true) }),
  /neither known nor found/,
);
test(
  'lists nothing',
  notices,
  checksOf({ ...boxes, list: () => Promise.resolve([]) }),
  /among those that it lists/,
);
test('has no name', notices, checksOf({ ...boxes, name: 'A box' }), /says what it is|names what it is/);
test(
  'takes any description',
  notices,
  checksOf({
    ...boxes,
    target: (description, ctx) => boxes.target({ ...description, meta: { lid: 'shut' } }, ctx),
  }),
  /no honest source/,
);
test(
  'forgets the new name',
  notices,
  checksOf({ ...boxes, source: (name, _, ctx) => boxes.source(name, {}, ctx) }),
  /name that was asked for/,
);
test(
  'refuses without saying why',
  notices,
  checksOf(
    withTarget(() => ({
      refusals: () => Promise.resolve([{ code: 'NAME_TAKEN', message: 'no', hint: '', host: 'target' }]),
    })),
  ),
  /preflight|name that was asked for/,
);
test(
  'promises what it does not do',
  notices,
  checksOf(withTarget(() => ({ revive: undefined as never }))),
  /revive/,
);
test(
  'does not start again',
  notices,
  checksOf(withSource(({ revive }) => ({ revive: { ...revive!, start: nothing } }))),
  /started it runs again|started again|made good/,
);
test(
  'says that it stopped and did not',
  notices,
  checksOf(
    withSource(({ revive }) => ({
      revive: { ...revive!, stop: () => Promise.resolve({ signal: 'SIGTERM', killed: false }) },
    })),
  ),
  /stopped|stop or start|cannot be asked|started again/,
);

test('a driver that counts no calls and looks at no signal passes', async (t) => {
  const slow = withTarget((half) => ({
    live: {
      ...half.live,
      restored: async (pid) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await half.live?.restored?.(pid);
      },
    },
  }));
  for (const { run } of htypeChecks(slow, kennel)) await t.notThrowsAsync(run());
});
