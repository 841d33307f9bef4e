# Prints what an interactive zsh would offer: zsh -f capture.zsh SCRIPT LINE. The completion system works only where lines are edited,
# so it is a shell in a pseudo-terminal that somebody types into; what is offered goes through compadd.
zmodload zsh/zpty
export offered=$(mktemp)
zpty shell zsh -f -i
# What is typed before the shell edits its line, the terminal edits.
await() { zpty -r shell said "*$1*" }
zpty -w shell 'PS1=; setopt no_beep; autoload -Uz compinit; compinit -u -D'
zpty -w shell "source $1"
zpty -w shell '
compadd() {
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    local -a matching
    builtin compadd -A matching "$@"
    (($#matching)) && print -rl -- $matching >>$offered
  fi
  builtin compadd "$@"
}
ready() { zle -M "re""ady" }
zle -N ready
bindkey "^R" ready
PS1="go""ing"'
await going
zpty -w -n shell "$2"$'\t\x12'
await ready
zpty -d shell
cat $offered
rm $offered
