#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Usage: completion_test.bash AGENTBOX. Checks that the scripts parse, and that bash completes commands and options.
set -euo pipefail
program=$1
failed=0

for shell in bash zsh fish; do
  if command -v "$shell" >/dev/null; then
    "$program" completion "$shell" | "$shell" -n /dev/stdin || { echo "the $shell script does not parse"; failed=1; }
  else
    echo "note: $shell is not installed, its script is not parsed"
  fi
done
if "$program" completion tcsh 2>/dev/null; then
  echo "an unknown shell is accepted"; failed=1
fi

# The script calls the program by its name.
# shellcheck disable=SC2317
agentbox() { "$program" "$@"; }
# shellcheck disable=SC1090
source <("$program" completion bash)

# expect WORDS... : WANTED... [! UNWANTED...]: checks the completions of the last of WORDS.
expect() {
  local -a words=() wanted=() unwanted=()
  local -n list=words
  local word
  for word in "$@"; do
    case $word in
      :) local -n list=wanted ;;
      !) local -n list=unwanted ;;
      *) list+=("$word") ;;
    esac
  done
  COMP_WORDS=("${words[@]}")
  COMP_CWORD=$((${#words[@]} - 1))
  _agentbox
  for word in "${wanted[@]}"; do
    [[ " ${COMPREPLY[*]} " == *" $word "* ]] || { echo "${words[*]}: $word is missing in: ${COMPREPLY[*]}"; failed=1; }
  done
  for word in "${unwanted[@]}"; do
    [[ " ${COMPREPLY[*]} " != *" $word "* ]] || { echo "${words[*]}: $word is offered"; failed=1; }
  done
}

empty=''
expect agentbox "$empty" : run doctor completion ! --json
expect agentbox doc : doctor ! run
expect agentbox doctor -- : --json --help ! --base
expect agentbox completion "$empty" : bash zsh fish
expect agentbox completion z : zsh ! bash
expect agentbox run --b : --base
expect agentbox --b : --base
expect agentbox codex --b : --base
expect agentbox-codex --b : --base
expect agentbox run -- echo --b : ! --base
expect agentbox generate kubernetes --kind "$empty" : pod job ! --base
expect agentbox run --base "$empty" : ! codex --help
expect agentbox "$empty" : claude codex gemini
expect agentbox run o : opencode ! claude
expect agentbox claude "$empty" : --base ! codex
expect agentbox --auth "$empty" : claude codex ! --base
expect agentbox claude --model "$empty" : opus sonnet ! --base
expect agentbox-claude --model o : opus ! sonnet
expect agentbox codex --model "$empty" : ! opus
expect agentbox logout c : claude codex
expect agentbox history show "$empty" : --project
exit "$failed"
