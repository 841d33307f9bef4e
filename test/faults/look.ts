import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { difference, footprint, type Footprint, restartable } from '../migration/footprint.ts';
import { runsOn } from './overlap.ts';
import { pair } from './stage.ts';

/** What there is on both hosts that does not differ from one container to the next. */
export type Portrait = readonly Footprint[];

export async function portrait(lab: Lab): Promise<Portrait> {
  return Promise.all(pair(lab).map(async (host) => general(await footprint(host))));
}

function general(whole: Footprint): Footprint {
  const lines = Object.entries(restartable(whole)).map(([kind, list]) => {
    // sshd alone, whose command has ended: over a link that was cut it learns from TCP, minutes later, that nobody is there.
    const each = list
      .filter((line) => !line.startsWith('sshd-session: '))
      .map((line) =>
        line
          .replaceAll(/@if\d+/g, '')
          .replaceAll(/ +/g, ' ')
          // Times of files, sizes of those that tell a time, and the random addresses of the ends of cables.
          .replace(/^(. \/srv\/.*) [\d.]+$/, '$1')
          .replace(/^(. \/srv\/\.phaul-left.*) \d+$/, '$1')
          .replace(/^((?:v|eth)\S+ .*)([0-9a-f]{2}:){5}[0-9a-f]{2}/, '$1'),
      );
    return [kind, each.sort()] as const;
  });
  return Object.fromEntries(lines);
}

// What ends by itself may take a moment.
const patienceMs = 60_000;
const lookEveryMs = 60;

/** Waits until the hosts look like that, if that may still be. @returns how they differ from it */
export async function looksLike(lab: Lab, wanted: Portrait, patient: boolean): Promise<string[]> {
  const deadline = Date.now() + (patient ? patienceMs : 0);
  for (;;) {
    const now = await portrait(lab);
    const found = now.flatMap((host, index) =>
      difference(wanted[index] ?? {}, host).map((line) => `on ${'ab'[index]}: ${line}`),
    );
    if (found.length === 0 || Date.now() > deadline) return shortened(found);
    await sleep(100);
  }
}

const mostLines = 15;

function shortened(lines: string[]): string[] {
  const more = lines.length - mostLines;
  return more > 0 ? [...lines.slice(0, mostLines), `… and ${more} more`] : lines;
}

/** The hosts on which it runs, as runc says and as it says itself. */
export async function whereItRuns(lab: Lab): Promise<{ runc: string; itself: string }> {
  const hosts = pair(lab);
  const last = async (): Promise<bigint[]> =>
    Promise.all(
      hosts.map(async (host) =>
        (await runsOn(host)).reduce((most, run) => (run.last > most ? run.last : most), 0n),
      ),
    );
  const [before, known] = await Promise.all([
    last(),
    Promise.all(hosts.map((host) => isRunning(host, 'ct101'))),
  ]);
  const names = (is: (index: number) => boolean): string =>
    hosts.flatMap(({ name }, index) => (is(index) ? [name] : [])).join(' and ');
  const moving = async (): Promise<string> => {
    const now = await last();
    return names((index) => (now[index] ?? 0n) > (before[index] ?? 0n));
  };
  // On a busy machine one that has just been started does not show itself at once.
  const deadline = Date.now() + patienceMs;
  while ((await moving()) === '' && Date.now() < deadline) await sleep(lookEveryMs);
  // If there are two, the other one shows itself as well.
  await sleep(lookEveryMs);
  return { runc: names((index) => known[index] ?? false), itself: await moving() };
}
