import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { network } from '../../devices/network/network.ts';
import { containerIn, makeLan } from '../devices/lan.ts';
import { type Bench, testDevice } from './device.ts';

testDevice(network, (t: ExecutionContext): Bench => {
  const lan = makeLan();
  t.teardown(lan.remove);
  // Others may be at work on this machine.
  const ours = (lines: string[]): string[] =>
    lines.filter((line) => line.includes(`p${process.pid % 100_000}`)).sort();
  return {
    container: containerIn(lan.container),
    elsewhere: lan.elsewhere,
    footprint: () => ({
      links: ours(readdirSync('/sys/class/net')),
      namespaces: ours(readdirSync('/run/netns')),
      ports: ours(execFileSync('bridge', ['link', 'show'], { encoding: 'utf8' }).split('\n')).map((line) =>
        [line.split(' ')[1], / state (\w+)/.exec(line)?.[1]].join(' '),
      ),
    }),
  };
});
