import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { Revival } from '../contracts/htype.ts';
import type { Check } from './check.ts';
import { throws } from './expect.ts';
import type { Staged, StagedCheck } from './kennel.ts';

// So long only one takes that does not hear.
const graceMs = 10_000;
const byHand = (command: string): number | null => spawnSync('/bin/sh', ['-c', command]).status;

function revivalOf({ source }: Staged): Revival {
  assert.ok(source.revive, 'it has the capability revive');
  return source.revive;
}

/** Gives it when the container has been asked to stop. */
async function stopped(stage: Staged): Promise<Revival> {
  const revival = revivalOf(stage);
  const { signal, killed } = await revival.stop(graceMs);
  assert.match(signal, /^SIG[A-Z0-9]+$/);
  assert.equal(killed, false);
  assert.equal(stage.runs(), false);
  return revival;
}

/** The part of an htype's examination that only revive mode needs. */
export function revivalChecks(staged: StagedCheck): Check[] {
  return [
    staged('stopped it stands still, and started it runs again', async (_, stage) => {
      const revival = await stopped(stage);
      assert.equal(await revival.stillStopped(), true);
      await revival.start();
      assert.equal(stage.runs(), true);
      assert.equal(await revival.stillStopped(), false);
      // Somebody else was quicker.
      await revival.start();
      assert.equal(stage.runs(), true);
    }),
    staged('stopped it is started again although all is being undone', async (scene, stage) => {
      const revival = await stopped(stage);
      scene.abort();
      await revival.start();
      assert.equal(stage.runs(), true);
    }),
    staged('a stop or start that fails can be made good', async (scene, stage) => {
      const revival = revivalOf(stage);
      await scene.whileProgramsFail(() => revival.stop(graceMs));
      if (stage.runs()) await revival.stop(graceMs);
      await scene.whileProgramsFail(() => revival.start());
      await revival.start();
      assert.equal(stage.runs(), true);
    }),
    staged(
      'an operator starts the stopped container with the command that they are given',
      async (_, stage) => {
        const revival = await stopped(stage);
        assert.equal(byHand(revival.startByHand), 0);
        assert.equal(stage.runs(), true);
      },
    ),
    staged('a container that runs is left alone by the command that starts it', (_, stage) => {
      assert.notEqual(byHand(revivalOf(stage).startByHand), 0);
      assert.equal(stage.runs(), true);
      return Promise.resolve();
    }),
    staged('one that has ended cannot be asked to stop', async (_, stage) => {
      const revival = await stopped(stage);
      const { details } = await throws(() => revival.stop(graceMs), 'STOP_FAILED');
      assert.equal((details as { sourceState?: string }).sourceState, 'stopped');
    }),
    staged('started on the target it runs there', async (scene, { target }) => {
      const half = target();
      scene.after(half.abort);
      await half.prepare?.('revive', false);
      const pid = await half.revive?.start();
      assert.equal(process.kill(pid ?? 0, 0), true);
      await half.started?.();
    }),
  ];
}
