import { type Option, spellings, valueOf } from '../../../src/cli/described.ts';
import { version } from '../../../src/version.ts';
import { explained, type Explained } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { block, bold, italic, item, roff } from './roff.ts';

/** docs/man/phaul.8 */
export function manPage(): string {
  const commands = explained();
  const said = new Set<string>();
  return `${[
    `.\\" Made by "npm run docs" from the tables in src/cli. Do not edit.`,
    `.TH PHAUL 8 "" "phaul ${version}" "System Administration"`,
    '.SH NAME',
    'phaul \\- move running containers between Linux hosts',
    '.SH SYNOPSIS',
    commands.map(({ synopsis }) => `${bold('phaul')} ${roff(synopsis)}`).join('\n.br\n'),
    '.SH DESCRIPTION',
    roff(
      'phaul moves a running container from one Linux host to another, over ssh, with CRIU. Its processes keep their memory, their open files and their open TCP connections. Both hosts need phaul; it runs as root. Before the commit any failure, and Ctrl-C, leaves the container running on the source.',
    ),
    '.SH COMMANDS',
    ...commands.flatMap((command) => section(command, said)),
    '.SH OPTIONS OF ALL COMMANDS',
    item(bold('--help'), 'Say what a command does, and with which options.'),
    item(bold('--version'), 'Say which release this is.'),
    '.SH EXIT STATUS',
    ...Object.entries(exitCodes).map(([exit, { meaning, container, since }]) =>
      item(bold(exit), `${meaning} The container: ${container}. Since ${since}.`),
    ),
    '.PP',
    roff('A program that calls phaul must take any other exit code for a failure.'),
    '.SH ENVIRONMENT',
    item(bold('NO_COLOR'), 'If it is not empty the picture on a terminal has no colours.'),
    item(bold('TERM'), 'If it is dumb there is no picture, but lines.'),
    '.SH FILES',
    item(italic('/etc/phaul/phaul.toml'), "This host's settings: defaults of options, drivers, devices."),
    item(italic('/var/lib/phaul'), 'What this host remembers of migrations that have not ended.'),
    '.SH EXAMPLES',
    ...commands
      .flatMap(({ examples }) => examples)
      .flatMap(([call, what]) => ['.PP', `${roff(what)}:`, block(call)]),
    '.SH SEE ALSO',
    [
      ['criu', 8],
      ['runc', 8],
      ['crun', 1],
      ['ssh', 1],
      ['rsync', 1],
    ]
      .map(([name, number]) => `${bold(String(name))}(${number})`)
      .join(',\n'),
  ].join('\n')}\n`;
}

/** @param said the options that have been explained; each is once */
function section({ describe, synopsis, positionals, groups }: Explained, said: Set<string>): string[] {
  const all = groups.flatMap(([, options]) => options);
  const isNew = ([name, { describe = '' }]: readonly [string, Option]): boolean =>
    !said.has(`${name} ${describe}`);
  const old = all.filter((option) => !isNew(option)).map(([name]) => bold(`--${name}`));
  const fresh = all.filter(isNew);
  for (const [name, { describe = '' }] of fresh) said.add(`${name} ${describe}`);
  return [
    `.SS "phaul ${roff(synopsis)}"`,
    `${roff(describe)}.`,
    ...positionals.map(([name, { describe = '' }]) => item(italic(name.toUpperCase()), `${describe}.`)),
    ...fresh.map(option),
    ...(old.length === 0 ? [] : ['.PP', `Explained above: ${old.join(', ')}.`]),
  ];
}

function option([name, about]: readonly [string, Option]): string {
  const value = valueOf(about);
  const [long = '', ...others] = spellings(name, about);
  const typed = [`${bold(long)}${value === null ? '' : ` ${italic(value)}`}`, ...others.map(bold)].join(', ');
  const byDefault =
    about.default === undefined || typeof about.default === 'boolean' ? '' : ` Default: ${about.default}.`;
  return item(typed, `${about.describe}.${byDefault}`);
}
