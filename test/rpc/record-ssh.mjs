#!/usr/bin/env node
// Takes the place of ssh on a host of the lab: keeps each line that phaul and the service at the other end say to each other.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

const ssh = spawn('/usr/bin/ssh', process.argv.slice(2), { stdio: ['pipe', 'pipe', 'inherit'] });

function keep(from, input, output) {
  let rest = '';
  input.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) appendFileSync('/run/phaul-said', `${JSON.stringify([from, line])}\n`);
    output.write(text);
  });
}
keep('source', process.stdin, ssh.stdin);
keep('target', ssh.stdout, process.stdout);
process.stdin.on('end', () => ssh.stdin.end());
ssh.stdin.on('error', () => undefined);
process.on('SIGTERM', () => ssh.kill('SIGTERM'));
ssh.on('close', (code) => {
  process.exitCode = code ?? 255;
  process.stdin.destroy();
});
