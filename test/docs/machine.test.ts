// What docs tell people to type for systemd, typed on this machine in a mount namespace where that changes nothing.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { main } from '../cli/phaul.ts';
import { projectDirectory } from '../lab/paths.ts';
import { linesOf, typedAt } from './blocks.ts';

const run = promisify(execFile);
const journald = fileURLToPath(new URL('../log/journald.sh', import.meta.url));

for (const { page, text } of typedAt('machine'))
  test(`${page}: the unit is enabled`, async (t) => {
    const [, unit = ''] = /packaging\/(\S+\.service)/.exec(text) ?? [];
    // As in a root that is not running: systemctl makes the links, and there is no systemd to be told.
    const script = `
      mount -t tmpfs tmpfs /etc/systemd/system
      ${text}
      systemctl is-enabled ${unit}`;
    const { stdout } = await run('unshare', ['--mount', 'sh', '-euc', script], {
      cwd: projectDirectory,
      env: { ...process.env, SYSTEMD_OFFLINE: '1' },
    });
    t.regex(stdout, /^enabled$/m);
  });

for (const { page, text } of typedAt('journal'))
  for (const line of linesOf(text))
    test(`${page}: ${line}`, async (t) => {
      const home = mkdtempSync('/tmp/phaul-journal-');
      t.teardown(() => rmSync(home, { recursive: true }));
      const filled = line.replace(/PHAUL_MIGRATION=\S+/, 'PHAUL_MIGRATION="$id"');
      const script = `
        "$0" ${main} migrate --json ct101 hostb >${home}/events || true
        id=$(sed -n 's/.*"migration":"\\([^"]*\\)".*/\\1/p' ${home}/events | tail -n 1)
        journalctl --sync
        { ${filled}; } >${home}/said`;
      await run('unshare', ['--mount', 'sh', journald, 'sh', '-euc', script, process.execPath], {
        cwd: projectDirectory,
      });
      t.regex(readFileSync(join(home, 'said'), 'utf8'), /No container ct101 on this host/);
    });
