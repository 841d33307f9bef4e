import { spawn } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { htypeChecks } from 'phaul/testing';
import { driver } from './index.js';

/** Starts a program of that kind, which ends with the check. */
function start(scene) {
  const program = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  const name = `check-${program.pid}`;
  writeFileSync(`/run/${name}.hello`, `${program.pid}\n`);
  scene.after(() => {
    program.kill();
    rmSync(`/run/${name}.hello`, { force: true });
  });
  return {
    name,
    options: { targetId: `${name}-there` },
    runs: () => existsSync(`/proc/${program.pid}/exe`),
    footprint: () => existsSync(`/run/${name}-there.hello`),
    restored: program.pid,
  };
}

for (const { name, run } of htypeChecks(driver, start)) test(name, run);
