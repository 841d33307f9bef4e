import assert from 'node:assert/strict';
import type { Json } from '../contracts/context.ts';
import type { DeviceContext, DeviceDriver, SourceDevice, TargetDevice } from '../contracts/device.ts';
import { driverName } from '../contracts/driver.ts';
import type { SourceContainer } from '../contracts/htype.ts';
import { wrapDevice } from '../contracts/wrap.ts';
import { type Check, check, type Scene } from './check.ts';
import { areRefusals, distorted, overTheWire, saysWhatItIs, throws, travels } from './expect.ts';
import { type Act, undoings } from './undoings.ts';

/** What the examination needs: a container with such a device, on a machine that plays both hosts. */
export interface Bench {
  readonly container: SourceContainer;
  /** `state` as this machine can hold it a second time: with other names. */
  readonly elsewhere: (state: Json) => Json;
  /** All that the driver could change. */
  readonly footprint: () => unknown;
}

interface Staged extends Bench {
  readonly source: SourceDevice;
  readonly target: (state: Json) => TargetDevice;
}

const mostHandedOver = 512 * 1024;

/** The stages of each half, in their order: contracts/device.ts. */
const onSource = ['refusals', 'begin', 'quiet', 'freeze', 'settled'] as const;
const onTarget = ['refusals', 'begin', 'takeOver', 'takenOver', 'activate'] as const;
/** What `quiet` is told. */
const along = { connections: true };
type SourceStage = (typeof onSource)[number];
type TargetStage = (typeof onTarget)[number];

const handOver = (source: SourceDevice): Json => overTheWire(source.handOver?.() ?? null);

async function sourceUpTo(source: SourceDevice, last: SourceStage): Promise<void> {
  for (const call of onSource.slice(0, onSource.indexOf(last) + 1)) await source[call]?.(along);
}

async function targetUpTo(half: TargetDevice, last: TargetStage, handed: Json): Promise<void> {
  for (const call of onTarget.slice(0, onTarget.indexOf(last) + 1)) await half[call]?.(handed);
}

/**
 * What every device driver must keep: the whole examination. Its checks use what the machine has once: one at a time.
 * @param make gives a container with one such device, and has `scene.after` remove it
 */
export function deviceChecks(device: DeviceDriver, make: (scene: Scene) => Promise<Bench> | Bench): Check[] {
  const driver = wrapDevice(device);
  const staged = (name: string, exec: (stage: Staged, scene: Scene) => Promise<void>): Check =>
    check(name, async (scene) => {
      const move = { container: 'ct101', peer: 'other', mode: 'live' } as const;
      const context = (): DeviceContext => ({ ...scene.context(), move });
      const bench = await make(scene);
      const [source] = await driver.source(bench.container, context());
      assert.ok(source, 'the container of the factory has such a device');
      await exec({ ...bench, source, target: (state) => driver.target(state, context()) }, scene);
    });

  return [
    saysWhatItIs(device, 'device'),

    staged('its state goes over the wire', ({ source, elsewhere, target }) => {
      travels(source.state);
      target(elsewhere(overTheWire(source.state)));
      return Promise.resolve();
    }),

    staged('both halves have a name, and stages 2 and 3 if it says so', ({ source, elsewhere, target }) => {
      const half = target(elsewhere(source.state));
      for (const { name } of [source, half]) assert.match(name, driverName);
      assert.equal(half.takeOver !== undefined, driver.capabilities.takeOver);
      return Promise.resolve();
    }),

    staged('its preflight changes nothing, and a device that could move is not refused', async (stage) => {
      const { source, elsewhere, target, footprint } = stage;
      const before = footprint();
      assert.deepEqual(await source.refusals(), []);
      assert.deepEqual(await target(elsewhere(source.state)).refusals(), []);
      assert.deepEqual(footprint(), before);
    }),

    staged('what the target has already is refused', async ({ source, target }) => {
      const refusals = await target(source.state).refusals();
      assert.ok(refusals.length > 0);
      areRefusals(refusals, 'target');
    }),

    staged('a state that no honest source would send is refused, and nothing happens', async (stage) => {
      const { source, elsewhere, target, footprint } = stage;
      const before = footprint();
      for (const state of distorted(elsewhere(source.state)))
        await throws(() => target(state), 'PROTOCOL_ERROR', JSON.stringify(state));
      assert.deepEqual(footprint(), before);
    }),

    ...onSource.flatMap((last, index) => {
      const undone = (when: string, act: Act<SourceDevice>): Check =>
        staged(`undone ${when} ${last} the source is as it was, once and twice`, async (stage, scene) => {
          const { source, footprint } = stage;
          const before = footprint();
          const former = onSource[index - 1];
          if (former) await sourceUpTo(source, former);
          await act(scene, source, async () => source[last]?.(along));
          for (const times of ['once', 'twice']) {
            await source.abort();
            assert.deepEqual(footprint(), before, times);
          }
        });
      return undoings(undone, (half) => half.abort());
    }),

    ...onTarget.flatMap((last, index) => {
      const undone = (when: string, act: Act<TargetDevice>): Check =>
        staged(
          `undone ${when} ${last} nothing is left on the target, once and twice`,
          async (stage, scene) => {
            const { source, elsewhere, target, footprint } = stage;
            const half = target(elsewhere(source.state));
            await sourceUpTo(source, 'settled');
            const before = footprint();
            const handed = handOver(source);
            const former = onTarget[index - 1];
            if (former) await targetUpTo(half, former, handed);
            await act(scene, half, async () => half[last]?.(handed));
            for (const times of ['once', 'twice']) {
              await half.abort();
              assert.deepEqual(footprint(), before, times);
            }
            // Only now: what one host only may use is there again when the other has given it up.
            await source.abort();
          },
        );
      return undoings(undone, (half) => half.abort());
    }),

    staged(
      'it moves: away from the source, to the target, with what came in between',
      async (stage, scene) => {
        const { source, elsewhere, target, footprint } = stage;
        const half = target(elsewhere(source.state));
        scene.after(half.abort);
        await Promise.all([source.begin?.(), half.begin()]);
        await source.quiet?.(along);
        await source.freeze();
        await source.settled?.();
        await half.takeOver?.();
        await half.takenOver?.();
        const handed = handOver(source);
        assert.ok(JSON.stringify(handed).length <= mostHandedOver);
        await half.activate?.(handed);
        await scene.whileProgramsFail(() => source.release());
        await source.release();
        await half.finish?.();
        const after = footprint();
        await source.release();
        await half.finish?.();
        assert.deepEqual(footprint(), after);
      },
    ),

    staged('what is handed over is validated', async ({ source, elsewhere, target }) => {
      if (!source.handOver) return;
      await sourceUpTo(source, 'settled');
      for (const handed of ['text', 1.5, [1], { '\0': 1 }]) {
        const half = target(elsewhere(source.state));
        await targetUpTo(half, 'takenOver', null);
        await throws(async () => half.activate?.(handed), 'PROTOCOL_ERROR', JSON.stringify(handed));
        await half.abort();
      }
    }),
  ];
}
