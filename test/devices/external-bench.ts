import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ExecutionContext } from 'ava';
import { externalDriver } from '../../devices/external/external.ts';
import type {
  DeviceContext,
  DeviceDriver,
  Move,
  SourceDevice,
  TargetDevice,
} from '../../src/contracts/device.ts';
import type { SourceContainer } from '../../src/contracts/htype.ts';
import { driverContext } from '../../src/driver-context.ts';
import type { Journal } from '../../src/journal/journal.ts';

/** Both hosts on this machine, with settings of their own and a program for the type `thing` that does as told. */
export interface ExternalBench {
  readonly home: string;
  readonly driver: DeviceDriver;
  readonly said: string[];
  /** What was noted for the case of phaul's death: when, must, argv. */
  readonly wills: { readonly when: string; readonly must: boolean; readonly argv: readonly string[] }[];
  readonly aborter: AbortController;
  readonly source: () => Promise<SourceDevice>;
  readonly target: () => TargetDevice;
  /** The lines that the program wrote to `$HERE/log`. */
  readonly log: () => string[];
}

export const container = { network: null } as SourceContainer;

/** @param program shell text, with the call's arguments; `$HERE` is a directory of the test's. @param settings TOML in [devices.thing] */
export function externalBench(
  t: ExecutionContext,
  program: string,
  settings = '',
  move: Partial<Move> = {},
): ExternalBench {
  const home = mkdtempSync('/tmp/phaul-external-');
  const path = join(home, 'phaul.toml');
  script(join(home, 'program'), `HERE='${home}'\n${program}`);
  writeFileSync(path, `[devices.thing]\ncommand = "${home}/program"\n${settings}\n`);
  mkdirSync(join(home, 'scratch'));
  const aborter = new AbortController();
  t.teardown(() => {
    aborter.abort();
    rmSync(home, { recursive: true, force: true });
  });
  const said: string[] = [];
  const wills: ExternalBench['wills'] = [];
  const journal = {
    will: (when: string, command: string, args: readonly string[], must = false) => {
      const will = { when, must, argv: [command, ...args] };
      wills.push(will);
      return () => void wills.splice(wills.indexOf(will), 1);
    },
  } as unknown as Journal;
  const ctx: DeviceContext = {
    ...driverContext(
      join(home, 'scratch'),
      aborter.signal,
      (_, text) => said.push(text),
      () => journal,
    ),
    move: { container: 'ct101', peer: 'other', mode: 'live', ...move },
  };
  const driver = externalDriver(path);
  return {
    home,
    driver,
    said,
    wills,
    aborter,
    source: async () => {
      const [device] = await driver.source(container, ctx);
      if (!device) throw new Error('no device');
      return device;
    },
    target: () => driver.target({ type: 'thing' }, ctx),
    log: () => readFileSync(join(home, 'log'), 'utf8').split('\n').filter(Boolean),
  };
}

export function script(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

export const example = resolve('docs/examples/phaul-drbd');
export const standIn = resolve('test/devices/stand-in');
