import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { bash } from '../../../src/cli/completion/bash.ts';
import { fish } from '../../../src/cli/completion/fish.ts';
import { containerNames } from '../../../src/cli/completion/names.ts';
import { zsh } from '../../../src/cli/completion/zsh.ts';
import { commands } from '../../../src/cli/commands.ts';
import { described } from '../../../src/cli/described.ts';
import { useConfig } from '../../../src/config.ts';
import { killedPhaul } from '../../journal/journals.ts';
import { phaul } from '../phaul.ts';

const home = mkdtempSync('/tmp/phaul-completion-');
process.on('exit', () => rmSync(home, { recursive: true, force: true }));
mkdirSync(join(home, 'bin'));
mkdirSync(join(home, 'files/inside'), { recursive: true });
writeFileSync(join(home, 'files/one.toml'), '');
// Where each shell looks for hosts.
writeFileSync(join(home, 'hosts'), '192.0.2.1 hostb.example\n');
mkdirSync(join(home, '.ssh'));
writeFileSync(join(home, '.ssh/known_hosts'), 'hostb.example ssh-ed25519 AAAA\n');
// What the scripts ask, without the time that Node takes to start.
writeFileSync(
  join(home, 'bin/phaul'),
  '#!/bin/sh\n[ "$1" = completion ] || exit 1\n[ "$2" = containers ] && printf "ct101\\nct102\\n" || echo 0123abcd\n',
);
chmodSync(join(home, 'bin/phaul'), 0o755);

const all = commands.map(described);
for (const [name, text] of Object.entries({ bash: bash(all), zsh: zsh(all), fish: fish(all) }))
  writeFileSync(join(home, name), text);

/** A line is words, the last of which is being typed. */
type Shell = (words: readonly string[]) => Promise<string[]>;

async function run(program: string, args: readonly string[]): Promise<string> {
  const env = {
    ...process.env,
    PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
    HOME: home,
    HOSTFILE: join(home, 'hosts'),
    TERM: 'xterm',
  };
  const { stdout } = await promisify(execFile)(program, args, {
    env,
    cwd: join(home, 'files'),
    timeout: 120_000,
  });
  return stdout;
}

const shells: Readonly<Record<string, Shell>> = {
  // readline takes `=` for a word of its own.
  bash: async (words) => {
    const split = words
      .flatMap((word) => word.split(/(=)/))
      .filter((word, index, { length }) => word || index === length - 1);
    const script =
      'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _phaul; printf "%s\\n" "${COMPREPLY[@]}"';
    return lines(await run('bash', ['--norc', '-c', script, 'bash', join(home, 'bash'), ...split]));
  },
  zsh: async (words) =>
    lines(
      await run('zsh', [
        '-f',
        fileURLToPath(new URL('capture.zsh', import.meta.url)),
        join(home, 'zsh'),
        words.join(' '),
      ]),
    ),
  fish: async (words) => {
    const script = 'source $argv[1]; complete --do-complete $argv[2]';
    const text = await run('fish', ['--no-config', '-c', script, join(home, 'fish'), words.join(' ')]);
    return lines(text).map((line) => line.replace(/\t.*/, '').replace(/^--mode=/, ''));
  },
};

const lines = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['a command', ['phaul', 'mi'], ['migrate']],
  ['a choice', ['phaul', 'migrate', '--mode', ''], ['live', 'revive']],
  ['a choice after =', ['phaul', 'migrate', '--mode=re'], ['revive']],
  ['an option', ['phaul', 'check', '--no-t'], ['--no-tcp']],
  ['an option behind arguments', ['phaul', 'migrate', 'ct101', 'hostb', '--img'], ['--img-path']],
  ['no option of another command', ['phaul', 'check', '--downtime'], []],
  ['containers', ['phaul', 'migrate', 'ct10'], ['ct101', 'ct102']],
  ['a container behind options', ['phaul', 'migrate', '--timeout', '5', '--no-tcp', 'ct102'], ['ct102']],
  ['a container behind --mode=', ['phaul', 'migrate', '--mode=live', 'ct101'], ['ct101']],
  ['no container where a host comes', ['phaul', 'migrate', 'ct101', 'ct10'], []],
  ['a host', ['phaul', 'migrate', 'ct101', 'hostb'], ['hostb.example']],
  ['nothing where a number comes', ['phaul', 'migrate', '--timeout', ''], []],
  ['a migration', ['phaul', 'recover', '0123'], ['0123abcd']],
  ['what an argument may be', ['phaul', 'config', 's'], ['show']],
  ['a file', ['phaul', 'check', '--config', 'on'], ['one.toml']],
  ['a directory, and no file', ['phaul', 'migrate', '--img-path', ''], ['inside']],
];

for (const [name, offered] of Object.entries(shells))
  for (const [what, words, expected] of cases)
    test.serial(`${name} completes ${what}`, async (t) => {
      const found = (await offered(words)).map((word) => word.replace(/\/$/, ''));
      t.deepEqual([...new Set(found)].sort(), [...expected]);
    });

test('every command has a description that shells can show', (t) => {
  for (const { name, describe } of all) t.regex(describe, /^\S[^\n]+$/, name);
});

test('phaul completion prints the script of each shell', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish'])
    t.is((await phaul('completion', shell)).stdout, readFileSync(join(home, shell), 'utf8'));
});

test('what the scripts ask: the migrations of this host', async (t) => {
  const { migration } = await killedPhaul(t, `await journal.record('handed');`);
  t.true((await phaul('completion', 'ids')).stdout.split('\n').includes(migration));
});

test('what the scripts ask: containers of every kind that can list them, one that fails apart', async (t) => {
  const driver = (name: string, list: string): string => {
    const file = join(home, `${name}.mjs`);
    writeFileSync(
      file,
      `export const driver = { kind: 'htype', name: '${name}', apiVersion: 1, description: '-',
        capabilities: { live: true, preDump: true, revive: true },
        knows: async () => false, list: async () => ${list}, source: async () => ({}), target: () => ({}) };`,
    );
    return JSON.stringify(file);
  };
  const drivers = [driver('b', "['b2', 'b1']"), driver('a', "['a1', 'b1']"), driver('c', 'nothing()')];
  const settings = join(home, 'phaul.toml');
  writeFileSync(settings, `[drivers]\nhtype = [${drivers.join()}]\n`);
  useConfig(settings);
  const names = await containerNames();
  t.deepEqual(
    names.filter((name) => /^[ab]\d$/.test(name)),
    ['a1', 'b1', 'b2'],
  );
});
