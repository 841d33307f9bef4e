import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { Mode } from '../../src/acts.ts';
import type {
  HType,
  HTypeOptions,
  Revival,
  SourceContainer,
  TargetContainer,
} from '../../src/contracts/htype.ts';
import { processTree } from '../../src/linux/processes.ts';
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

type Step = 'refusals' | 'prepare' | 'replaced' | 'restore' | 'restored' | 'start';

/** How far the target's half may come before it is undone. */
const courses: Readonly<Record<Mode, readonly (readonly Step[])[]>> = {
  live: [
    [],
    ['refusals'],
    ['prepare'],
    ['prepare', 'restore'],
    ['prepare', 'restore', 'replaced'],
    ['prepare', 'restore', 'restored'],
  ],
  revive: [['prepare'], ['prepare', 'replaced'], ['prepare', 'start'], ['prepare', 'replaced', 'start']],
};
const modes = ['live', 'revive'] as const;

function take(half: TargetContainer, step: Step, mode: Mode, restored: number): Promise<unknown> | undefined {
  if (step === 'prepare') return half.prepare?.(mode, false);
  if (step === 'restored') return half.restored?.(restored);
  if (step === 'start') return half.revive?.start();
  return half[step]?.();
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
    areRefusals(t, (await source.refusals?.('live')) ?? [], 'source');
    areRefusals(t, (await target().refusals?.()) ?? [], 'target');
    t.true(Array.isArray((await source.mappedFiles?.()) ?? []));
    t.true(runs());
    t.deepEqual(footprint(), before);
  });

  test('the cgroup that it names, if any, is its own', async (t) => {
    const { source } = await stage(t);
    if ((source.cgroup ?? null) === null) return t.pass();
    const pids = readFileSync(join(source.cgroup!, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
    const tree = await processTree(source.pid);
    t.deepEqual(new Set(pids.map(Number)), new Set(tree));
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

  for (const mode of modes.filter((each) => htype.capabilities[each]))
    for (const steps of courses[mode])
      test(`${mode}: undone after ${steps.join(', ') || 'nothing'} it leaves nothing, once and twice`, async (t) => {
        const { target, footprint, restored, runs } = await stage(t);
        const before = footprint();
        const half = target();
        for (const step of steps) await take(half, step, mode, restored);
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
    await half.prepare?.('live', false);
    const settings = await half.restore?.();
    t.deepEqual(overTheWire(settings), settings);
    await half.restored?.(restored);
    await t.notThrowsAsync(async () => half.started?.());
  });

  test('it can be revived if it says so, and only then', async (t) => {
    const { source, target } = await stage(t);
    const half = target();
    const { revive } = htype.capabilities;
    t.is(source.revive !== undefined, revive);
    t.is(half.revive !== undefined, revive);
  });

  if (htype.capabilities.revive) testRevival(stage);
}

interface Stopped {
  readonly name: string;
  readonly revival: Revival;
  readonly runs: () => boolean;
}

/** The part of the contract that only revive mode needs. */
function testRevival(
  stage: (
    t: ExecutionContext,
  ) => Promise<Kennel & { source: SourceContainer; target: () => TargetContainer }>,
): void {
  /** A container that has been asked to stop. */
  async function stopped(t: ExecutionContext): Promise<Stopped> {
    const { name, runs, source } = await stage(t);
    const revival = source.revive!;
    const { signal, killed } = await revival.stop(1000);
    t.regex(signal, /^SIG[A-Z0-9]+$/);
    t.false(killed);
    t.false(runs());
    return { name, runs, revival };
  }
  const byHand = (command: string): number | null => spawnSync('/bin/sh', ['-c', command]).status;

  test('stopped it stands still, and started it runs again', async (t) => {
    const { revival, runs } = await stopped(t);
    t.true(await revival.stillStopped());
    await revival.start();
    t.true(runs());
    t.false(await revival.stillStopped());
    await t.notThrowsAsync(revival.start(), 'somebody else was quicker');
    t.true(runs());
  });

  test('an operator starts the stopped container with the command that they are given', async (t) => {
    const { revival, runs } = await stopped(t);
    t.is(byHand(revival.startByHand), 0);
    t.true(runs());
  });

  test('a container that runs is left alone by the command that starts it', async (t) => {
    const { source, runs } = await stage(t);
    t.not(byHand(source.revive!.startByHand), 0);
    t.true(runs());
  });

  test('one that has ended cannot be asked to stop', async (t) => {
    const { revival } = await stopped(t);
    const error = await t.throwsAsync(revival.stop(1000), { code: 'STOP_FAILED' });
    t.like(error, { details: { sourceState: 'stopped' } });
  });

  test('started on the target it runs there', async (t) => {
    const { target } = await stage(t);
    const half = target();
    t.teardown(half.abort);
    await half.prepare?.('revive', false);
    const pid = await half.revive!.start();
    t.notThrows(() => process.kill(pid, 0));
    await t.notThrowsAsync(async () => half.started?.());
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
