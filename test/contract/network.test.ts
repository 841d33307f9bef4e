import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { network } from '../../devices/network/network.ts';
import { containerIn, makeLan } from '../devices/lan.ts';
import { type Bench, deviceChecks, type Scene } from '../../src/testing/index.ts';
import { examine } from './examine.ts';

examine(
  deviceChecks(network, (scene: Scene): Bench => {
    const lan = makeLan();
    scene.after(lan.remove);
    // Others may be at work on this machine.
    const ours = (lines: string[]): string[] =>
      lines.filter((line) => line.includes(`p${process.pid % 100_000}`)).sort();
    return {
      container: containerIn(lan),
      elsewhere: lan.elsewhere,
      footprint: () => ({
        links: ours(readdirSync('/sys/class/net')),
        namespaces: ours(readdirSync('/run/netns')),
        ports: ours(execFileSync('bridge', ['link', 'show'], { encoding: 'utf8' }).split('\n')).map((line) =>
          [line.split(' ')[1], / state (\w+)/.exec(line)?.[1]].join(' '),
        ),
        filters: ours(execFileSync('tc', ['qdisc'], { encoding: 'utf8' }).split('\n')),
      }),
    };
  }),
  { serial: true },
);
