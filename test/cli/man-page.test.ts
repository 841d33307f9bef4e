import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { commands } from '../../src/cli/commands.ts';
import { described } from '../../src/cli/described.ts';
import { codes } from '../../src/error-codes.ts';
import { projectDirectory } from '../lab/paths.ts';
import { roff } from '../setup/reference/roff.ts';

const page = 'docs/man/phaul.8';
const groff = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)('groff', ['-man', '-Tutf8', '-ww', '-b', ...args], { cwd: projectDirectory });

/** As man shows it, without bold and italics, and without hyphenation: every word is whole. */
async function shown(file = page): Promise<string> {
  const { stdout } = await groff('-P-c', '-P-b', '-P-u', '-P-o', '-rHY=0', '-rLL=300n', file);
  return stdout;
}

test('groff has nothing to object to', async (t) => {
  t.is((await groff('-z', page)).stderr, '');
});

test('every command, argument, option and exit code is in it', async (t) => {
  const text = await shown();
  for (const { name, positionals, options, examples } of commands.map(described)) {
    t.regex(text, new RegExp(`^ +phaul ${name}\\b`, 'm'));
    for (const [argument] of positionals) t.regex(text, new RegExp(`^ +${argument.toUpperCase()}\\b`, 'm'));
    for (const [option] of options) t.regex(text, new RegExp(`^ +--${option}\\b`, 'm'));
    for (const [call] of examples) t.true(text.includes(call), call);
  }
  for (const { exit } of Object.values(codes)) t.regex(text, new RegExp(`^ +${exit}\\b`, 'm'));
});

test('nothing that is said can be taken for a command to roff', async (t) => {
  const odd = ["'tis", '.so /etc/passwd', 'a\\fBb', 'wait … – “so”', '--no-tcp', '"x"'];
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    'printf "%s" "$1" | groff -man -Tutf8 -ww -P-c -P-b -P-u -P-o',
    'sh',
    `.TH X 8\n.SH NAME\n${odd.map(roff).join('\n.br\n')}\n`,
  ]);
  for (const text of odd) t.true(stdout.split('\n').includes(`       ${text}`), text);
});

test('it comes with the package', (t) => {
  const { man, files } = JSON.parse(readFileSync(join(projectDirectory, 'package.json'), 'utf8')) as {
    man: string[];
    files: string[];
  };
  t.deepEqual(man, [page]);
  t.true(files.some((folder) => page.startsWith(`${folder}/`)));
});
