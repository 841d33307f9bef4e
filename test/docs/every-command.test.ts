// What README and docs tell people to type is typed by a test: the word after `sh` says by which.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { commands } from '../../src/cli/commands.ts';
import { described, spellings } from '../../src/cli/described.ts';
import { projectDirectory } from '../lab/paths.ts';
import { blocks, linesOf, pages, textOf, typedAt } from './blocks.ts';

/** Where a block is typed, and the test that types all of those. */
const tests: Readonly<Record<string, string>> = {
  '': 'docs/commands.lab.test.ts',
  source: 'docs/commands.lab.test.ts',
  target: 'docs/commands.lab.test.ts',
  host: 'docs/commands.lab.test.ts',
  during: 'docs/commands.lab.test.ts',
  greeter: 'htypes/hello.lab.test.ts',
  lxc: 'lab/lxc-systemd.ts',
  debian: 'docs/install.test.ts',
  clone: 'docs/install.test.ts',
  driver: 'docs/install.test.ts',
  machine: 'docs/machine.test.ts',
  journal: 'docs/machine.test.ts',
  program: 'docs/every-command.test.ts',
};

test('of each block of shell it is known which test types it', (t) => {
  const all = blocks.filter(({ language }) => /^(sh|bash|zsh|shell|console)$/.test(language));
  t.true(all.length > 30);
  const unknown = all.filter(({ language, place }) => language !== 'sh' || !(place in tests));
  t.deepEqual(unknown, []);
});

for (const [place, file] of Object.entries(tests))
  test(`what is typed at "${place}" is typed by ${file}`, (t) => {
    t.true(typedAt(place).length > 0);
    const text = readFileSync(join(projectDirectory, 'test', file), 'utf8');
    t.regex(text, new RegExp(`ypedAt\\('${place}'\\)`));
  });

test('a block without a place has phaul’s commands only', (t) => {
  const others = typedAt('').flatMap(({ text }) =>
    linesOf(text).filter((line) => !line.startsWith('phaul ')),
  );
  t.deepEqual(others, []);
});

test('a program is one of the examples, which have tests of their own', (t) => {
  const folder = join(projectDirectory, 'docs/examples');
  const examples = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  for (const { text } of typedAt('program')) t.true(examples.includes(text));
});

const notTyped = [
  // What phaul itself gives to ssh.
  'ssh -T -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=10 \\',
  'npm run bench -- [NAME…] [--json] [--runs N]',
];

test('no command hides in a block of another language', (t) => {
  const shell = blocks.filter(({ language, place }) => language === 'sh' && place !== 'program');
  const programs = new Set(shell.flatMap(({ text }) => linesOf(text).map((line) => line.split(' ')[0]!)));
  t.true(programs.has('systemctl') || programs.has('cp'));
  const hidden = blocks
    .filter(({ language }) => ['', 'text'].includes(language))
    .flatMap(({ page, text }) => text.split('\n').map((line) => ({ page, line })))
    .filter(({ line }) => programs.has(line.replace(/^[#$] /, '').split(' ')[0]!))
    .filter(({ line }) => !notTyped.includes(line));
  t.deepEqual(hidden, []);
});

// Within a line: `phaul migrate --mode revive ct101 hostb`.
const options = new Map(
  commands
    .map(described)
    .map((command) => [
      command.name,
      new Set([...command.options].flatMap(([name, option]) => spellings(name, option))),
    ]),
);
const ofAll = ['--help', '--version'];

test('no page names a command or an option that phaul does not have', (t) => {
  const named = pages.flatMap((page) =>
    [...textOf(page).matchAll(/`phaul ([^`|\n]*)[^`\n]*`/g)].map(([, said = '']) => ({ page, said })),
  );
  t.true(named.length > 50);
  const wrong = named.filter(({ said }) => {
    const [name = '', ...words] = said.split(/[ =]/);
    const known = options.get(name);
    // `phaul COMMAND …`
    if (!known) return !ofAll.includes(name) && !/^[A-Z…]/.test(name);
    return words.some((word) => /^--?[a-z]/.test(word) && !known.has(word) && !ofAll.includes(word));
  });
  t.deepEqual(wrong, []);
});
