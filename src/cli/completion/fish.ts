import { type Described, type Option, spellings, valueOf } from '../described.ts';
import { takeValues, type Words, wordsOf } from './words.ts';

/** A file of completions for fish. */
export function fish(commands: readonly Described[]): string {
  return `# Completion of phaul for fish, made by "phaul completion fish".
function __phaul_at --description 'Whether that command is typed, and that argument of it comes next'
    set -l argument 0
    set -l command
    set -l value no
    for word in (commandline --tokenize --current-process --cut-at-cursor)[2..]
        if test $value = yes
            set value no
        else if contains -- $word ${takeValues(commands).join(' ')}
            set value yes
        else if not string match --quiet -- '-*' $word
            set --query command[1]; or set command $word
            set argument (math $argument + 1)
        end
    end
    test "$command" = "$argv[1]"; and begin
        not set --query argv[2]; or test $argument = $argv[2]
    end
end

complete --command phaul --no-files
complete --command phaul --long-option help --description 'Show help'
complete --command phaul --condition '__phaul_at ""' --long-option version --description 'Show version number'
${commands.flatMap(lines).join('\n')}
`;
}

function lines({ name, describe, positionals, options }: Described): string[] {
  return [
    line('""', `--arguments ${name}`, describe),
    ...[...options].flatMap(([option, about]) =>
      optionWords(option, about).map((words) => line(name, words, about.describe ?? '')),
    ),
    ...positionals.flatMap(([argument, about], index) => {
      const words = wordsOf(argument, about, true);
      return words === null ? [] : [line(`${name} ${index + 1}`, argumentsOf(words), argument)];
    }),
  ];
}

function line(at: string, words: string, description: string): string {
  return `complete --command phaul --condition ${quoted(`__phaul_at ${at}`)} ${words} --description ${quoted(description)}`;
}

function optionWords(name: string, option: Option): string[] {
  if (valueOf(option) === null)
    return spellings(name, option).map((way) =>
      way.startsWith('--') ? `--long-option ${way.slice(2)}` : `--short-option ${way.slice(1)}`,
    );
  const words = wordsOf(name, option, false);
  const long = `--long-option ${name}`;
  if (words === null) return [`${long} --exclusive`];
  return [
    words === 'files'
      ? `${long} --require-parameter --force-files`
      : `${long} --exclusive ${argumentsOf(words)}`,
  ];
}

function argumentsOf(words: Exclude<Words, null>): string {
  if (typeof words !== 'string') return `--arguments ${quoted(words.of.join(' '))}`;
  if (words === 'files') return '--force-files';
  const asked = {
    directories: '(__fish_complete_directories)',
    hosts: '(__fish_print_hostnames)',
    containers: '(phaul completion containers 2>/dev/null)',
    ids: '(phaul completion ids 2>/dev/null)',
  } as const;
  return `--arguments ${quoted(asked[words])}`;
}

const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
