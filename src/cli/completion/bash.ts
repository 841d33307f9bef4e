import { type Described, spellings } from '../described.ts';
import { takeValues, type Words, wordsOf } from './words.ts';

/** For `complete -F`. bash takes `--mode=live` for three words. */
export function bash(commands: readonly Described[]): string {
  const withValue = takeValues(commands);
  return `# Completion of phaul for bash, made by "phaul completion bash".
_phaul() {
  local word=\${COMP_WORDS[COMP_CWORD]} option=\${COMP_WORDS[COMP_CWORD-1]} argument=1 i
  if [[ $word == = ]]; then
    word=
  elif [[ $option == = ]]; then
    option=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 2; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${withValue.join('|')}) [[ \${COMP_WORDS[i+1]} == = ]] && ((i += 2)) || ((i += 1)) ;;
      -*) ;;
      *) ((argument += 1)) ;;
    esac
  done
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _phaul_words '${[...commands.map(({ name }) => name), '--help', '--version'].join(' ')}'
    return
  fi
  case \${COMP_WORDS[1]}:$option in
${commands.flatMap(values).join('\n')}
    ${withValue.map((option) => `*:${option}`).join('|')}) return ;;
  esac
  case \${COMP_WORDS[1]}:$word in
${commands.map(options).join('\n')}
  esac
  case \${COMP_WORDS[1]}:$argument in
${commands.flatMap(positionals).join('\n')}
  esac
}

_phaul_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word")
}

_phaul_action() {
  mapfile -t COMPREPLY < <(compgen -A "$1" -- "$word")
}

_phaul_files() {
  compopt -o filenames
  _phaul_action "$1"
}

complete -F _phaul phaul
`;
}

function values({ name, options }: Described): string[] {
  return [...options].flatMap(([option, about]) => {
    const words = wordsOf(option, about, false);
    return words === null ? [] : [`    ${name}:--${option}) ${call(words)}; return ;;`];
  });
}

function options({ name, options: all }: Described): string {
  const words = [...all]
    .flatMap(([option, about]) => spellings(option, about))
    .filter((each) => each.startsWith('--'));
  return `    ${name}:-*) _phaul_words '${[...words, '--help'].join(' ')}'; return ;;`;
}

function positionals({ name, positionals: all }: Described): string[] {
  return all.flatMap(([argument, about], index) => {
    const words = wordsOf(argument, about, true);
    return words === null ? [] : [`    ${name}:${index + 1}) ${call(words)} ;;`];
  });
}

function call(words: Exclude<Words, null>): string {
  if (words === 'files') return '_phaul_files file';
  if (words === 'directories') return '_phaul_files directory';
  if (words === 'hosts') return '_phaul_action hostname';
  if (typeof words === 'string') return `_phaul_words "$(phaul completion ${words} 2>/dev/null)"`;
  return `_phaul_words '${words.of.join(' ')}'`;
}
