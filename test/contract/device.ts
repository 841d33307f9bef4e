import test, { type ExecutionContext } from 'ava';
import type { Json } from '../../src/contracts/context.ts';
import type { DeviceContext, DeviceDriver, SourceDevice, TargetDevice } from '../../src/contracts/device.ts';
import type { SourceContainer } from '../../src/contracts/htype.ts';
import { areRefusals, distorted, overTheWire, scratch, tellsWhatItIs } from './shared.ts';

/** What the suite needs: a container with such a device, on a machine that plays both hosts. */
export interface Bench {
  readonly container: SourceContainer;
  /** `state` as this machine can hold it a second time: with other names. */
  readonly elsewhere: (state: Json) => Json;
  /** All that the driver could change. */
  readonly footprint: () => unknown;
}

const mostHandedOver = 512 * 1024;

/** The stages of each half, in their order: contracts/device.ts. */
const onSource = ['refusals', 'begin', 'freeze', 'settled'] as const;
const onTarget = ['refusals', 'begin', 'takeOver', 'takenOver', 'activate'] as const;
type SourceStage = (typeof onSource)[number];
type TargetStage = (typeof onTarget)[number];

/** What every device driver must keep. Call it in a test file of the driver's own. */
export function testDevice(
  driver: DeviceDriver,
  make: (t: ExecutionContext) => Promise<Bench> | Bench,
): void {
  async function stage(t: ExecutionContext) {
    const { context } = scratch(t);
    const move = { container: 'ct101', peer: 'other', mode: 'live' } as const;
    const deviceContext = (): DeviceContext => ({ ...context(), move });
    const bench = await make(t);
    const [source] = await driver.source(bench.container, deviceContext());
    if (!source) throw new Error('the container of the factory has no such device');
    return { ...bench, source, target: (state: Json) => driver.target(state, deviceContext()) };
  }
  const handOver = (source: SourceDevice): Json => overTheWire(source.handOver?.() ?? null);
  const sourceUpTo = async (source: SourceDevice, last: SourceStage): Promise<void> => {
    for (const call of onSource.slice(0, onSource.indexOf(last) + 1)) await source[call]?.();
  };
  const targetUpTo = async (half: TargetDevice, last: TargetStage, handed: Json): Promise<void> => {
    for (const call of onTarget.slice(0, onTarget.indexOf(last) + 1)) await half[call]?.(handed);
  };

  test.serial('it says what it is', (t) => tellsWhatItIs(t, driver, 'device'));

  test.serial('its state goes over the wire', async (t) => {
    const { source, elsewhere, target } = await stage(t);
    t.deepEqual(overTheWire(source.state), source.state);
    t.notThrows(() => target(elsewhere(overTheWire(source.state))));
  });

  test.serial('both halves have a name, and stages 2 and 3 if it says so', async (t) => {
    const { source, elsewhere, target } = await stage(t);
    const half = target(elsewhere(source.state));
    for (const { name } of [source, half]) t.regex(name, /^[a-z][a-z0-9-]{0,30}$/);
    t.is(half.takeOver !== undefined, driver.capabilities.takeOver);
  });

  test.serial('its preflight changes nothing, and a device that could move is not refused', async (t) => {
    const { source, elsewhere, target, footprint } = await stage(t);
    const before = footprint();
    t.deepEqual(await source.refusals(), []);
    t.deepEqual(await target(elsewhere(source.state)).refusals(), []);
    t.deepEqual(footprint(), before);
  });

  test.serial('what the target has already is refused', async (t) => {
    const { source, target } = await stage(t);
    const refusals = await target(source.state).refusals();
    t.true(refusals.length > 0);
    areRefusals(t, refusals, 'target');
  });

  test.serial('a state that no honest source would send is refused, and nothing happens', async (t) => {
    const { source, elsewhere, target, footprint } = await stage(t);
    const before = footprint();
    for (const state of distorted(elsewhere(source.state)))
      t.throws(() => target(state), { code: 'PROTOCOL_ERROR' }, JSON.stringify(state));
    t.deepEqual(footprint(), before);
  });

  for (const last of [null, ...onSource])
    test.serial(`undone after ${last ?? 'nothing'} the source is as it was, once and twice`, async (t) => {
      const { source, footprint } = await stage(t);
      const before = footprint();
      if (last) await sourceUpTo(source, last);
      for (const times of ['once', 'twice']) {
        await source.abort();
        t.deepEqual(footprint(), before, times);
      }
    });

  for (const last of [null, ...onTarget])
    test.serial(
      `undone after ${last ?? 'nothing'} nothing is left on the target, once and twice`,
      async (t) => {
        const { source, elsewhere, target, footprint } = await stage(t);
        const half = target(elsewhere(source.state));
        await sourceUpTo(source, 'settled');
        const before = footprint();
        if (last) await targetUpTo(half, last, handOver(source));
        for (const times of ['once', 'twice']) {
          await half.abort();
          t.deepEqual(footprint(), before, times);
        }
        // Only now: what one host only may use is there again when the other has given it up.
        await t.notThrowsAsync(source.abort());
      },
    );

  test.serial('it moves: away from the source, to the target, with what came in between', async (t) => {
    const { source, elsewhere, target, footprint } = await stage(t);
    const half = target(elsewhere(source.state));
    t.teardown(half.abort);
    await Promise.all([source.begin?.(), half.begin()]);
    await source.freeze();
    await source.settled?.();
    await half.takeOver?.();
    await half.takenOver?.();
    const handed = handOver(source);
    t.true(JSON.stringify(handed).length <= mostHandedOver);
    await half.activate?.(handed);
    await source.release();
    await half.finish?.();
    const after = footprint();
    await source.release();
    t.deepEqual(footprint(), after);
  });

  test.serial('what is handed over is validated', async (t) => {
    const { source, elsewhere, target } = await stage(t);
    if (!source.handOver) return void t.pass();
    await sourceUpTo(source, 'settled');
    for (const handed of ['text', 1.5, [1], { '\0': 1 }]) {
      const half = target(elsewhere(source.state));
      await targetUpTo(half, 'takenOver', null);
      await t.throwsAsync(
        async () => half.activate?.(handed),
        { code: 'PROTOCOL_ERROR' },
        JSON.stringify(handed),
      );
      await half.abort();
    }
  });
}
