import { type Described, type Option, spellings, valueOf } from '../described.ts';
import { type Words, wordsOf } from './words.ts';

/** A function of zsh's completion system, for a directory in its fpath. */
export function zsh(commands: readonly Described[]): string {
  return `#compdef phaul
# Completion of phaul for zsh, made by "phaul completion zsh".
_phaul() {
  if ((CURRENT == 2)); then
    local -a commands=(
${commands.map(({ name, describe }) => `      ${quoted(`${name}:${describe}`)}`).join('\n')}
    )
    _describe command commands
    _arguments '--help[Show help]' '--version[Show version number]'
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${commands.map(arguments_).join('\n')}
  esac
}

# What _arguments wants compadd to be told comes before the word that was asked for.
_phaul_names() {
  local -a names=(\${(f)"$(phaul completion $@[-1] 2>/dev/null)"})
  compadd "\${@[1,-2]}" -a names
}

# Called by compinit's autoload, or sourced.
if [[ $funcstack[1] == _phaul ]]; then
  _phaul "$@"
else
  compdef _phaul phaul
fi
`;
}

function arguments_({ name, positionals, options }: Described): string {
  const specs = [
    ...[...options].flatMap(([option, about]) => optionSpecs(option, about)),
    quoted('--help[Show help]'),
    ...positionals.map(([argument, about], index) =>
      quoted(`${index + 1}:${argument}:${action(wordsOf(argument, about, true))}`),
    ),
  ];
  return `    ${name})\n      _arguments ${specs.join(' \\\n        ')}\n      ;;`;
}

function optionSpecs(name: string, option: Option): string[] {
  const text = `[${(option.describe ?? '').replaceAll(/[\\\][:]/g, '\\$&')}]`;
  const value = valueOf(option);
  if (value !== null)
    return [
      quoted(`--${name}=${text}:${value.replaceAll('|', ' or ')}:${action(wordsOf(name, option, false))}`),
    ];
  const ways = spellings(name, option);
  const others = ways.length > 1 ? `(${ways.join(' ')})` : '';
  return ways.map((way) => quoted(`${others}${way}${text}`));
}

function action(words: Words): string {
  if (words === null) return ' ';
  if (words === 'files') return '_files';
  if (words === 'directories') return '_files -/';
  if (words === 'hosts') return '_hosts';
  return typeof words === 'string' ? `_phaul_names ${words}` : `(${words.of.join(' ')})`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
