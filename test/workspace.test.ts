import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { clearWorkspace, workspaceDirectory } from '../src/workspace.ts';

test.serial('files that something in it shows are never removed with it', async (t) => {
  const migration = randomUUID();
  const directory = workspaceDirectory(migration, 'target');
  // A space, as a container's directory may have one.
  const [shown, away] = [join(directory, 'scratch/its root'), mkdtempSync('/tmp/phaul-workspace-')];
  const [rootfs, tools] = [join(away, 'rootfs'), join(away, 'tools')];
  for (const path of [shown, rootfs, tools]) mkdirSync(path, { recursive: true });
  writeFileSync(join(rootfs, 'data'), '');
  execFileSync('mount', ['--bind', rootfs, shown]);
  t.teardown(async () => {
    await clearWorkspace(migration, 'target');
    rmSync(away, { recursive: true });
  });
  // An umount that cannot.
  writeFileSync(join(tools, 'umount'), '#!/bin/sh\nexit 32\n', { mode: 0o755 });
  const path = process.env.PATH;
  process.env.PATH = `${tools}:${path}`;
  await t
    .throwsAsync(clearWorkspace(migration, 'target'), {
      code: 'DRIVER_FAILED',
      message: `${shown} stays mounted, so ${directory} is not removed.`,
    })
    .finally(() => (process.env.PATH = path));
  t.true(existsSync(join(rootfs, 'data')));
  await clearWorkspace(migration, 'target');
  t.false(existsSync(directory));
  t.true(existsSync(join(rootfs, 'data')));
});
