import * as fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { changesByCtime } from '../../fs-drivers/rsync/changes-by-ctime.ts';
import { portrait } from './portrait.ts';
import { rsyncPair } from './pair.ts';
import { changeSomething, randomNumbers } from './tree-changes.ts';

// More of them by hand: PHAUL_SEEDS=100-200.
const [from = 1, to = from + 3] = (process.env['PHAUL_SEEDS'] ?? '1-4').split('-').map(Number);

for (let seed = from; seed <= to; seed++)
  test.serial(`whatever changes, the last round makes both sides equal (seed ${seed})`, async (t) => {
    const random = randomNumbers(seed);
    // A margin of two ticks, so that a round does not take all that the test does for new.
    const pair = await rsyncPair({}, (tree, signal) => changesByCtime(tree, signal, 20));
    t.teardown(pair.remove);
    const { source, target } = pair.tree;
    fs.mkdirSync(source);
    const done: string[] = [];
    const change = (times: number): void => {
      for (let i = 0; i < times; i++) done.push(changeSomething(source, random));
    };
    change(300);
    await pair.target.prepare();
    for (let round = 1; round <= 3; round++) {
      await sleep(50);
      done.push(`round ${round}`);
      let through = false;
      const copying = pair.round().finally(() => (through = true));
      // In the even ones while it copies, too.
      while (!through && round % 2 === 0) {
        change(1);
        await sleep(random(10));
      }
      await copying;
      await sleep(50);
      change(random(20));
    }
    await pair.round({ final: true });
    const [one, other] = [portrait(source), portrait(target)];
    const differences = [
      ...one.filter((line) => !other.includes(line)),
      '',
      ...other.filter((line) => !one.includes(line)),
    ];
    t.deepEqual(differences, [''], done.join('\n'));
  });
