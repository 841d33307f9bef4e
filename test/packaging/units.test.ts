import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { commands } from '../../src/cli/commands.ts';
import { described } from '../../src/cli/described.ts';
import { projectDirectory } from '../lab/paths.ts';

const folder = join(projectDirectory, 'packaging');
const units = readdirSync(folder).filter((file) => file.endsWith('.service'));

for (const unit of units) {
  const text = readFileSync(join(folder, unit), 'utf8');

  test(`systemd has nothing to object to in ${unit}`, async (t) => {
    const home = mkdtempSync('/tmp/phaul-unit-');
    t.teardown(() => rmSync(home, { recursive: true }));
    // phaul is not installed here; systemd looks whether its program is there.
    writeFileSync(join(home, unit), text.replace('/usr/local/bin/phaul', '/bin/true'));
    const args = ['verify', '--man=no', join(home, unit)];
    const { stderr } = await promisify(execFile)('systemd-analyze', args);
    t.is(stderr, '');
  });

  test(`what ${unit} runs is a command of phaul's`, async (t) => {
    const [, command] = /^ExecStart=\/usr\/local\/bin\/phaul (\w+)( --[\w-]+ \S+)*$/m.exec(text) ?? [];
    t.true(commands.map((each) => described(each).name).includes(command ?? ''));
  });
}

test('there is a unit for the start of a host', (t) => {
  t.true(units.includes('phaul-recover.service'));
});
