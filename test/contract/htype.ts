import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { HType, HTypeOptions } from '../../src/contracts/htype.ts';
import { areRefusals, distorted, overTheWire, scratch, tellsWhatItIs } from './shared.ts';

/** What the suite needs of a host on which a container of that kind runs. */
export interface Kennel {
  /** A running container. */
  readonly name: string;
  readonly options: HTypeOptions;
  /** Whether the container runs, and is not held. */
  readonly runs: () => boolean;
  /** All that the target's half could leave behind. */
  readonly footprint: () => unknown;
  /** A process that plays the restored root task. */
  readonly restored: number;
}

/** What every htype must keep. `make` starts a container, which `t.teardown` ends. Call it in a test file of the driver's own. */
export function testHType(
  htype: HType,
  make: (t: ExecutionContext, ctx: DriverContext) => Promise<Kennel> | Kennel,
): void {
  async function stage(t: ExecutionContext) {
    const { context } = scratch(t);
    const kennel = await make(t, context());
    const source = await htype.source(kennel.name, kennel.options, context());
    return {
      ...kennel,
      source,
      target: (description = source.description) => htype.target(description, context()),
    };
  }

  testHTypeAlone(htype);

  test('it knows its container, and looking changes nothing', async (t) => {
    const { name, runs, footprint } = await stage(t);
    const before = footprint();
    t.true(await htype.knows(name));
    t.true(runs());
    t.deepEqual(footprint(), before);
  });

  test('the description goes over the wire and names what it is', async (t) => {
    const { source } = await stage(t);
    const { description } = source;
    t.deepEqual(overTheWire(description), description as never);
    t.is(description.htype, htype.name);
    for (const { source: from, target } of description.trees)
      for (const path of [from, target]) t.regex(path, /^\//);
    t.deepEqual(overTheWire(source.dump), source.dump);
    t.regex(source.fs, /^[a-z]+$/);
    t.notThrows(() => process.kill(source.pid, 0));
  });

  test('the container gets the name that was asked for', async (t) => {
    const { name, options } = await stage(t);
    const { context } = scratch(t);
    const renamed = await htype.source(name, { ...options, targetId: 'other-name' }, context());
    t.is(renamed.description.id, 'other-name');
  });

  test('its preflight changes nothing on either host', async (t) => {
    const { source, target, runs, footprint } = await stage(t);
    const before = footprint();
    areRefusals(t, await source.refusals(), 'source');
    areRefusals(t, await target().refusals(), 'target');
    t.true(Array.isArray(await source.mappedFiles()));
    t.true(runs());
    t.deepEqual(footprint(), before);
  });

  test('a container that is held stands still until the operator lets it go', async (t) => {
    const { source, runs } = await stage(t);
    const { remove, resume } = await source.hold();
    await sleep(20);
    t.false(runs());
    execFileSync('/bin/sh', ['-c', resume]);
    await sleep(20);
    t.true(runs());
    execFileSync('/bin/sh', ['-c', remove]);
    await sleep(20);
    t.false(runs());
  });

  test('a description that no honest source would send is refused, and nothing happens', async (t) => {
    const { source, target, footprint } = await stage(t);
    const before = footprint();
    for (const meta of distorted(source.description.meta))
      t.throws(
        () => target({ ...source.description, meta }),
        { code: 'PROTOCOL_ERROR' },
        JSON.stringify(meta),
      );
    t.deepEqual(footprint(), before);
  });

  for (const calls of [
    [],
    ['refusals'],
    ['prepare'],
    ['prepare', 'restore'],
    ['prepare', 'restore', 'restored'],
  ] as const)
    test(`undone after ${calls.join(', ') || 'nothing'} it leaves nothing, once and twice`, async (t) => {
      const { target, footprint, restored, runs } = await stage(t);
      const before = footprint();
      const half = target();
      for (const call of calls) await half[call](restored);
      await half.abort();
      t.deepEqual(footprint(), before);
      await half.abort();
      t.deepEqual(footprint(), before);
      t.true(runs());
    });

  test('a restore that was begun and ended can be told to CRIU', async (t) => {
    const { target, restored } = await stage(t);
    const half = target();
    t.teardown(half.abort);
    await half.prepare();
    const settings = await half.restore();
    t.deepEqual(overTheWire(settings), settings);
    await half.restored(restored);
    await t.notThrowsAsync(half.started());
  });
}

/** The part of the contract that needs no container, nor the runtime. */
export function testHTypeAlone(htype: HType): void {
  test('it says what it is', (t) => tellsWhatItIs(t, htype, 'htype'));

  test('what does not exist is neither known nor found', async (t) => {
    const { context } = scratch(t);
    for (const name of ['phaul-no-such', '4194305']) {
      t.false(await htype.knows(name), name);
      await t.throwsAsync(htype.source(name, {}, context()), { code: 'CONTAINER_UNKNOWN' }, name);
    }
  });
}
