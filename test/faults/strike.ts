import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NamespaceHost } from '../lab/namespace-host.ts';
import type { Step } from './steps.ts';

/** What phaul does to itself at a step: it dies, it stands still for so long, or until the test has done something elsewhere. */
export type Strike =
  { readonly act: 'die' } | { readonly act: 'delay'; readonly ms: number } | { readonly act: 'ask' };

const lookEveryMs = 10;

/** Tells the phaul that will come to a step on a host what to do there, once (injector.mjs). */
export async function arm(host: NamespaceHost, { name, by }: Step, strike: Strike): Promise<void> {
  const path = (file: string): string => join(host.root, 'faults', file);
  for (const file of ['struck', 'claimed']) await rm(path(file), { force: true });
  await writeFile(path('new'), JSON.stringify({ step: name, by, ...strike }));
  await rename(path('new'), path('plan'));
}

/** Whether the step has come, waiting for it until `over` settles. */
export async function struck(host: NamespaceHost, over: Promise<unknown>): Promise<boolean> {
  let ended = false;
  over.then(
    () => (ended = true),
    () => (ended = true),
  );
  for (;;) {
    const last = ended;
    if (await exists(join(host.root, 'faults/struck'))) return true;
    if (last) return false;
    await sleep(lookEveryMs);
  }
}

/** Lets go on who has asked. */
export async function goOn(host: NamespaceHost): Promise<void> {
  await writeFile(join(host.root, 'faults/go'), '');
}

/** Forgets what was armed, and the steps that were noted. */
export async function disarm(host: NamespaceHost): Promise<void> {
  for (const file of ['plan', 'go', 'steps']) await rm(join(host.root, 'faults', file), { force: true });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
