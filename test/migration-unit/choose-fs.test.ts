import test from 'ava';
import type { FsDriver, FsTree } from '../../src/contracts/fs-driver.ts';
import { builtIn } from '../../src/contracts/registry.ts';
import { driverContext } from '../../src/driver-context.ts';
import { PhaulError } from '../../src/errors.ts';
import { chooseFs } from '../../src/migration/choose-fs.ts';
import type { Link } from '../../src/migration/link.ts';
import type { Params } from '../../src/rpc/methods.ts';

const ctx = driverContext('/nonexistent/scratch', new AbortController().signal, () => undefined);
const tree = (source: string): FsTree => ({ source, target: source, without: [] });
const [a, b] = [tree('/nonexistent/a'), tree('/nonexistent/b')];

let open = 0;
/** A driver that looks at the trees whose names it is given. */
const looking = (name: string, at: readonly string[]): FsDriver => ({
  ...builtIn.fs[0]!,
  name,
  look: ({ source }) => {
    if (!at.includes(source)) return Promise.resolve(null);
    open++;
    return Promise.resolve({ seen: `${name} saw ${source}`, close: () => Promise.resolve(void open--) });
  },
});
const blind = builtIn.fs.find(({ look }) => look === undefined)!;
// The registry as it is read by the core, with drivers of this test's in it.
(builtIn.fs as FsDriver[]).splice(
  0,
  Infinity,
  looking('quickest', [a.source]),
  looking('quick', [a.source, b.source]),
  blind,
);

/** A target on which the drivers suit that are named as `driver path`. */
function target(...suiting: string[]): { link: Link; asked: Params<'survey'>[] } {
  const asked: Params<'survey'>[] = [];
  const call = (_: string, params: Params<'survey'>): Promise<unknown> => {
    asked.push(params);
    const reasons = params.candidates.map(({ driver, tree: { source } }) =>
      suiting.includes(`${driver} ${source}`) ? `${driver} suits` : null,
    );
    return Promise.resolve({ reasons });
  };
  return { asked, link: { call } as unknown as Link };
}

test.serial('the first that suits on both hosts takes a tree, and says why', async (t) => {
  const { link, asked } = target(`quickest ${a.source}`, `quick ${a.source}`, `quick ${b.source}`);
  t.deepEqual(await chooseFs([a, b], undefined, link, ctx), [
    { driver: 'quickest', trees: [a], reason: 'quickest suits' },
    { driver: 'quick', trees: [b], reason: 'quick suits' },
  ]);
  t.deepEqual(
    asked[0]?.candidates.map(({ seen }) => seen),
    [`quickest saw ${a.source}`, `quick saw ${a.source}`, `quick saw ${b.source}`],
  );
  t.is(open, 0, 'what they did to look is undone');
});

test.serial('trees that one driver takes are one share', async (t) => {
  const { link } = target(`quick ${a.source}`, `quick ${b.source}`);
  t.deepEqual(await chooseFs([a, b], undefined, link, ctx), [
    { driver: 'quick', trees: [a, b], reason: 'quick suits' },
  ]);
});

test.serial('what suits nobody is for the one that takes everything', async (t) => {
  const { link } = target(`quick ${b.source}`);
  const shares = await chooseFs([a, b], undefined, link, ctx);
  t.deepEqual(
    shares.map(({ driver, trees }) => [driver, trees]),
    [
      [blind.name, [a]],
      ['quick', [b]],
    ],
  );
  t.regex(shares[0]?.reason ?? '', /nothing quicker suits/);
});

test.serial('a target that answers too little is a target that nothing suits', async (t) => {
  const link = { call: () => Promise.resolve({ reasons: [] }) } as unknown as Link;
  t.is((await chooseFs([a], undefined, link, ctx))[0]?.driver, blind.name);
});

test.serial('a user who names one gets that one for everything, and nobody is asked', async (t) => {
  const { link, asked } = target();
  t.deepEqual(await chooseFs([a, b], 'quick', link, ctx), [
    { driver: 'quick', trees: [a, b], reason: 'asked for with --fs' },
  ]);
  t.deepEqual(asked, []);
});

test.serial('a container without files needs no driver', async (t) => {
  t.deepEqual(await chooseFs([], 'quick', target().link, ctx), []);
});

test.serial('a target that fails leaves nothing of what was done to look', async (t) => {
  const link = {
    call: () => Promise.reject(new PhaulError('LINK_LOST', 'Gone.')),
  } as unknown as Link;
  await t.throwsAsync(chooseFs([a, b], undefined, link, ctx), { code: 'LINK_LOST' });
  t.is(open, 0);
});
