import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mode } from '../acts.ts';
import type { Json } from '../contracts/context.ts';
import type { HType, TargetContainer } from '../contracts/htype.ts';
import { wrapHType } from '../contracts/wrap.ts';
import { processTree } from '../linux/processes.ts';
import { type Check, check, type Scene } from './check.ts';
import { areRefusals, distorted, overTheWire, saysWhatItIs, throws, travels } from './expect.ts';
import type { Kennel, StagedCheck } from './kennel.ts';
import { type PlayedCriu, playCriu } from './play-criu.ts';
import { revivalChecks } from './revival.ts';
import { type Act, undoings } from './undoings.ts';

type Step = 'refusals' | 'prepare' | 'complete' | 'replaced' | 'restore' | 'placed' | 'restored' | 'start';

/** How far the target's half may come before it is undone. */
const courses: Readonly<Record<Mode, readonly (readonly Step[])[]>> = {
  live: [
    ['refusals'],
    ['prepare'],
    ['prepare', 'restore'],
    ['prepare', 'restore', 'replaced'],
    ['prepare', 'restore', 'complete'],
    ['prepare', 'restore', 'complete', 'placed'],
    ['prepare', 'restore', 'complete', 'placed', 'restored'],
  ],
  revive: [['prepare'], ['prepare', 'replaced'], ['prepare', 'start'], ['prepare', 'replaced', 'start']],
};

/** Names that a container may have, and that tempt: numbers, a dot more than one expects, what every object has a member of. */
const oddNames = [
  '_',
  '0',
  '00',
  '1e3',
  'a..b',
  'a+-._',
  'constructor',
  '__proto__',
  '4194305',
  '9'.repeat(128),
];

/** Each with something wrong that is not in one of those members. */
function* distortedBut(members: readonly string[], meta: Json): Generator<Json> {
  if (members.length === 0 || meta === null || typeof meta !== 'object') return yield* distorted(meta);
  const all = Object.entries(meta);
  const kept = Object.fromEntries(all.filter(([name]) => members.includes(name)));
  const rest = Object.fromEntries(all.filter(([name]) => !members.includes(name)));
  for (const wrong of distorted(rest))
    yield typeof wrong === 'object' && wrong !== null && !Array.isArray(wrong)
      ? { ...kept, ...(wrong as Readonly<Record<string, Json>>) }
      : wrong;
}

/** How the core takes a step in a course: it says in `prepare` whether `replaced` will come. */
function taking(half: TargetContainer, mode: Mode, steps: readonly Step[], restored: number) {
  let criu: PlayedCriu | null = null;
  return {
    take: async (step: Step): Promise<unknown> => {
      if (step === 'prepare') return half.prepare?.(mode, steps.includes('replaced'));
      if (step === 'restore') {
        const settings = (await half.live?.restore?.()) ?? {};
        travels(settings);
        if (settings.standIn !== undefined) criu = await playCriu(settings.standIn);
        return settings;
      }
      if (step === 'placed') return half.live?.placed?.();
      if (step === 'restored') return half.live?.restored?.(criu?.root ?? restored);
      if (step === 'start') return half.revive?.start();
      return half[step]?.();
    },
    endCriu: async (success: boolean): Promise<void> => criu?.end(success),
  };
}

/**
 * What every htype must keep: the whole examination.
 * @param make starts a container, and has `scene.after` end it
 */
export function htypeChecks(htype: HType, make: (scene: Scene) => Promise<Kennel> | Kennel): Check[] {
  const driver = wrapHType(htype);
  const staged: StagedCheck = (name, exec) =>
    check(name, async (scene) => {
      const kennel = await make(scene);
      const source = await driver.source(kennel.name, kennel.options, scene.context());
      const target = (description = source.description): TargetContainer =>
        driver.target(overTheWire(description), scene.context());
      await exec(scene, { ...kennel, source, target });
    });
  const modes = (['live', 'revive'] as const).filter((mode) => htype.capabilities[mode]);
  return [
    ...htypeChecksAlone(htype),

    staged('it knows its container, and looking changes nothing', async (_, { name, runs, footprint }) => {
      const before = footprint();
      assert.equal(await driver.knows(name), true);
      assert.equal(runs(), true);
      assert.deepEqual(footprint(), before);
    }),

    staged('its container is among those that it lists, if it lists any', async (_, { name, footprint }) => {
      const before = footprint();
      assert.notEqual((await driver.list?.())?.includes(name), false);
      assert.deepEqual(footprint(), before);
    }),

    staged('the description goes over the wire and names what it is', (_, { source }) => {
      const { description, live, pid } = source;
      travels(description);
      travels(live?.dump ?? {});
      assert.equal(description.htype, htype.name);
      for (const tree of description.trees)
        for (const path of [tree.source, tree.target]) assert.match(path, /^\//);
      assert.equal(process.kill(pid, 0), true);
      return Promise.resolve();
    }),

    staged('the container gets the name that was asked for, however odd', async (scene, stage) => {
      const { name, options, target, footprint } = stage;
      const before = footprint();
      for (const targetId of ['other-name', ...oddNames]) {
        const renamed = await driver.source(name, { ...options, targetId }, scene.context());
        assert.equal(renamed.description.id, targetId);
        const half = target(renamed.description);
        areRefusals((await half.refusals?.()) ?? [], 'target');
        await half.abort();
      }
      assert.deepEqual(footprint(), before);
    }),

    staged('its preflight changes nothing on either host', async (_, stage) => {
      const { source, target, runs, footprint } = stage;
      const before = footprint();
      for (const mode of modes) areRefusals((await source.refusals?.(mode)) ?? [], 'source');
      areRefusals((await target().refusals?.()) ?? [], 'target');
      assert.ok(Array.isArray((await source.mappedFiles?.()) ?? []));
      assert.equal(runs(), true);
      assert.deepEqual(footprint(), before);
    }),

    staged('the cgroup that it names, if any, is its own', async (_, { source }) => {
      const cgroup = source.live?.cgroup;
      if (!cgroup) return;
      const members = (): Set<number> =>
        new Set(readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number));
      // Processes come and go meanwhile: what counts are those that are there at two looks in a row.
      const [before, then, after, last] = [
        await processTree(source.pid),
        members(),
        new Set(await processTree(source.pid)),
        members(),
      ];
      const outside = before.filter((pid) => after.has(pid) && !then.has(pid));
      const strangers = [...then].filter((pid) => last.has(pid) && !after.has(pid));
      assert.deepEqual({ outside, strangers }, { outside: [], strangers: [] });
    }),

    staged(
      'a description that no honest source would send is refused, and nothing happens',
      async (_, stage) => {
        const { source, target, footprint, opaque = [] } = stage;
        const before = footprint();
        for (const meta of distortedBut(opaque, source.description.meta))
          await throws(() => target({ ...source.description, meta }), 'PROTOCOL_ERROR', JSON.stringify(meta));
        assert.deepEqual(footprint(), before);
      },
    ),

    ...modes.flatMap((mode) => courses[mode].flatMap((steps) => undoneChecks(staged, mode, steps))),

    ...(htype.capabilities.live
      ? [
          staged(
            'a restore that was begun and ended can be told to CRIU',
            async (scene, { target, restored }) => {
              const half = target();
              scene.after(half.abort);
              const { take, endCriu } = taking(half, 'live', [], restored);
              for (const step of ['prepare', 'restore', 'complete', 'placed', 'restored'] as const)
                await take(step);
              await endCriu(true);
              await half.started?.();
              await half.started?.();
            },
          ),
        ]
      : []),

    staged('it can be revived if it says so, and only then', (_, { source, target }) => {
      const { revive } = htype.capabilities;
      assert.equal(source.revive !== undefined, revive);
      assert.equal(target().revive !== undefined, revive);
      return Promise.resolve();
    }),

    ...(htype.capabilities.revive ? revivalChecks(staged) : []),

    staged(
      'what has left is removed, again and again, and so it is after a failure',
      async (scene, { source }) => {
        const { release } = source;
        if (!release) return;
        await scene.whileProgramsFail(() => release('hostb'));
        await release('hostb');
        await release('hostb');
      },
    ),
  ];
}

/** Undone before, in the middle of and after the last of these steps, and when it fails. */
function undoneChecks(staged: StagedCheck, mode: Mode, steps: readonly Step[]): Check[] {
  const last = steps.at(-1) ?? 'prepare';
  const undone = (when: string, act: Act<TargetContainer>): Check =>
    staged(
      `${mode}: undone ${when} ${steps.join(', ')} it leaves nothing, once and twice`,
      async (scene, stage) => {
        const { target, footprint, restored, runs } = stage;
        const before = footprint();
        const made = target();
        const { take, endCriu } = taking(made, mode, steps, restored);
        // The core ends CRIU before it has the half tidy up.
        const half = { ...made, abort: () => endCriu(false).then(made.abort) };
        for (const step of steps.slice(0, -1)) await take(step);
        await act(scene, half, () => take(last));
        for (const times of ['once', 'twice']) {
          await half.abort();
          assert.deepEqual(footprint(), before, times);
        }
        assert.equal(runs(), true);
      },
    );
  return undoings(undone, (half) => half.abort());
}

/** The part of the examination that needs no container, nor the runtime. */
export function htypeChecksAlone(htype: HType): Check[] {
  const driver = wrapHType(htype);
  return [
    saysWhatItIs(htype, 'htype'),
    check('what does not exist is neither known nor found, whatever its name', async (scene) => {
      for (const name of ['phaul-no-such', ...oddNames]) {
        assert.equal(await driver.knows(name), false, name);
        await throws(() => driver.source(name, {}, scene.context()), 'CONTAINER_UNKNOWN', name);
      }
    }),
  ];
}
