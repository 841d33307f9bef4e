import test, { type ExecutionContext } from 'ava';
import type { Json } from '../../src/contracts/context.ts';
import type { DeviceDriver, SourceDevice } from '../../src/contracts/device.ts';
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

/** What every device driver must keep. Call it in a test file of the driver's own. */
export function testDevice(
  driver: DeviceDriver,
  make: (t: ExecutionContext) => Promise<Bench> | Bench,
): void {
  async function stage(t: ExecutionContext) {
    const { context } = scratch(t);
    const bench = await make(t);
    const source = await driver.source(bench.container, context());
    if (!source) throw new Error('the container of the factory has no such device');
    return { ...bench, source, target: (state: Json) => driver.target(state, context()) };
  }
  const handOver = (source: SourceDevice): Json => overTheWire(source.handOver?.() ?? null);

  test.serial('it says what it is', (t) => tellsWhatItIs(t, driver, 'device'));

  test.serial('its state goes over the wire', async (t) => {
    const { source, elsewhere, target } = await stage(t);
    t.deepEqual(overTheWire(source.state), source.state);
    t.notThrows(() => target(elsewhere(overTheWire(source.state))));
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

  test.serial('thawed it is as it was, never frozen or twice too', async (t) => {
    const { source, footprint } = await stage(t);
    const before = footprint();
    await source.thaw();
    t.deepEqual(footprint(), before);
    await source.freeze();
    await source.thaw();
    await source.thaw();
    t.deepEqual(footprint(), before);
  });

  test.serial('undone after any member it leaves nothing on the target, once and twice', async (t) => {
    const { source, elsewhere, target, footprint } = await stage(t);
    const before = footprint();
    for (const calls of [[], ['refusals'], ['begin'], ['begin', 'activate']] as const) {
      const half = target(elsewhere(source.state));
      for (const call of calls) await half[call](handOver(source));
      await half.abort();
      t.deepEqual(footprint(), before, calls.join());
      await half.abort();
      t.deepEqual(footprint(), before, `${calls.join()}, twice`);
    }
  });

  test.serial('it moves: away from the source, to the target, with what came in between', async (t) => {
    const { source, elsewhere, target, footprint } = await stage(t);
    const half = target(elsewhere(source.state));
    t.teardown(half.abort);
    await half.begin();
    await source.freeze();
    const handed = handOver(source);
    t.true(JSON.stringify(handed).length <= mostHandedOver);
    await half.activate(handed);
    await source.release();
    const after = footprint();
    await source.release();
    t.deepEqual(footprint(), after);
  });

  test.serial('what is handed over is validated', async (t) => {
    const { source, elsewhere, target } = await stage(t);
    if (!source.handOver) return void t.pass();
    for (const handed of ['text', 1.5, [1], { '\0': 1 }]) {
      const half = target(elsewhere(source.state));
      await half.begin();
      await t.throwsAsync(half.activate(handed), { code: 'PROTOCOL_ERROR' }, JSON.stringify(handed));
      await half.abort();
    }
  });
}
