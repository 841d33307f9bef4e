import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import { pair } from './stage.ts';
import { guardsOn, phaulOn } from './victims.ts';

// Two silences of 8 s, ssh's 10 s to find that nobody answers, and the guard's longest pause before it tries again; twice that, for machines that have much to do.
const patienceMs = 120_000;
const lookEveryMs = 25;

/** Waits until both hosts have done with all migrations: no phaul is there and nothing is remembered. @returns what is left after two minutes */
export async function calm(lab: Lab): Promise<string[]> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const left = await unrest(lab);
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(lookEveryMs);
  }
}

async function unrest(lab: Lab): Promise<string[]> {
  const found = pair(lab).map(async (host) => {
    const journals = await readdir(join(host.root, 'var/lib/phaul'));
    const phauls = [...phaulOn(lab, host, 'migrate', 'service', 'recover'), ...guardsOn(lab, host)];
    return [
      ...journals.map((id) => `${host.name} still remembers migration ${id}`),
      ...(phauls.length > 0 ? [`phaul is still at work on ${host.name}`] : []),
    ];
  });
  return (await Promise.all(found)).flat();
}
