import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { externalDriver } from '../../devices/external/external.ts';
import { container, example, script, standIn } from '../devices/external-bench.ts';
import { type Bench, deviceChecks, type Scene } from '../../src/testing/index.ts';
import { examine } from './examine.ts';

// The example of docs/devices.md, with a stand-in for DRBD that both "hosts" share.
const home = mkdtempSync('/tmp/phaul-contract-external-');
process.on('exit', () => rmSync(home, { recursive: true, force: true }));
const settings = join(home, 'phaul.toml');
const both = join(home, 'both');
const hosts = { drbd: 'a', 'drbd-there': 'b' } as const;
for (const [type, host] of Object.entries(hosts))
  script(
    join(home, type),
    `STAND_IN='${both}' STAND_IN_HOST=${host} PATH='${standIn}':$PATH exec '${example}' "$@"`,
  );
writeFileSync(
  settings,
  Object.keys(hosts)
    .map((type) => `[devices.${type}]\ncommand = "${home}/${type}"\ncontainers = ["ct101"]\n`)
    .join(''),
);

examine(
  deviceChecks(externalDriver(settings), (scene: Scene): Bench => {
    rmSync(both, { recursive: true, force: true });
    for (const host of Object.values(hosts)) mkdirSync(join(both, host), { recursive: true });
    const roleOf = (host: string): string => {
      const file = join(both, host, 'role');
      return existsSync(file) ? readFileSync(file, 'utf8').trim() : 'Secondary';
    };
    writeFileSync(join(both, 'a/role'), 'Primary\n');
    scene.after(() => {
      if (existsSync(join(both, 'two'))) throw new Error('both hosts were primary at once');
    });
    return {
      container,
      elsewhere: () => ({ type: 'drbd-there' }),
      footprint: () => Object.values(hosts).map(roleOf),
    };
  }),
  { serial: true },
);
