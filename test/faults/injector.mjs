// Loaded into every phaul on a lab host by NODE_OPTIONS (stage.ts), and into nothing else. It notes each step of the protocol in /faults/steps, and does the
// fault that /faults/plan asks for at its step: synchronously, so that nothing of the deed has been done, or all of it. The other side is strike.ts.
// Plain JavaScript, because the hosts have nothing but Node.
import { subscribe } from 'node:diagnostics_channel';
import {
  appendFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';

const command = process.argv[2];

if (command === 'migrate' || command === 'service' || command === 'recover')
  subscribe('phaul:step', (name) => {
    note(name);
    const plan = read('/faults/plan');
    if (plan === '') return;
    const { step, by, act, ms } = JSON.parse(plan);
    if (step !== name || by !== command || !claim()) return;
    if (act === 'die') die();
    if (act === 'delay') delay(ms);
    if (act === 'ask') ask(name);
  });

function note(step) {
  try {
    appendFileSync('/faults/steps', `${JSON.stringify({ command, pid: process.pid, step, criu: criu() })}\n`);
  } catch {
    // The test has filled the disk.
  }
}

/** Once for each plan, whoever comes to that step again: another process may, after a reconnect. */
function claim() {
  try {
    renameSync('/faults/plan', '/faults/claimed');
    return true;
  } catch {
    return false;
  }
}

function die() {
  writeFileSync('/faults/struck', '{}');
  process.kill(process.pid, 'SIGKILL');
  pause(60_000);
}

function delay(ms) {
  writeFileSync('/faults/struck', '{}');
  pause(ms);
}

/** Stands still in this very step until the test has done what happens elsewhere. */
function ask(step) {
  writeFileSync('/faults/asking', JSON.stringify({ step, pid: process.pid, criu: criu() }));
  renameSync('/faults/asking', '/faults/struck');
  while (!existsSync('/faults/go')) pause(5);
  rmSync('/faults/go');
}

function pause(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The CRIU that this process has started, or null. */
function criu() {
  const tasks = readdirSync('/proc/self/task');
  const children = tasks.flatMap((task) =>
    read(`/proc/self/task/${task}/children`).split(' ').filter(Boolean),
  );
  const found = children.find((pid) => read(`/proc/${pid}/comm`).trim() === 'criu');
  return found === undefined ? null : Number(found);
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
