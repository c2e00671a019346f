#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The box's promises, one by one, on real Podman. Runs wherever rootless Podman works: `tests/smoke.sh` tests the
# agentbox on PATH (or $AGENTBOX). Ends with `N passed, N failed, N skipped`.
# shellcheck disable=SC2016  # scripts are expanded inside the box
# What needs an internet that answers runs only if $AGENTBOX_INTERNET names the stand-in's directory (see host/site).
set -uo pipefail
agentbox=${AGENTBOX:-agentbox}
passed=0 failed=0 skipped=0
mkdir -p "$HOME/work"
workspace=$(mktemp --directory "$HOME/work/smoke.XXXXXX")
trap 'rm -rf "$workspace"' EXIT
cd "$workspace" || exit

ok() { echo "ok      $1"; ((passed++)); }
failure() { printf 'FAILED  %s\n        wanted: %s\n        got:    %s\n' "$1" "$2" "$3"; ((failed++)); }
skip() { echo "skipped $1 ($2)"; ((skipped++)); }
# is NAME WANTED GOT: equality. has NAME REGEX GOT: a line that matches.
is() { if [[ $3 == "$2" ]]; then ok "$1"; else failure "$1" "$2" "$3"; fi; }
has() { if grep -qE -- "$2" <<<"$3"; then ok "$1"; else failure "$1" "$2" "$3"; fi; }
# box SCRIPT [OPTION...]: runs the script in a box without a terminal; its output and messages.
box() { local script=$1; shift; "$agentbox" run "$@" -- /bin/sh -c "$script" </dev/null 2>&1; }
# quiet SCRIPT [OPTION...]: only what the script prints.
quiet() { local script=$1; shift; "$agentbox" run "$@" -- /bin/sh -c "$script" </dev/null 2>/dev/null; }
# on_terminal COMMAND: on a new terminal.
on_terminal() { script --quiet --return --command "$1" /dev/null </dev/null 2>&1 | tr -d '\r'; }
# line NAME: a field of /proc/self/status, from $status.
line() { awk -v name="$1:" '$1 == name { print $2 }' <<<"$status"; }

# --- who the agent is, and what it owns -------------------------------------------------------------------------
is "the agent is uid 1000, gid 1000, named agent" "1000:1000:agent" "$(quiet 'echo $(id -u):$(id -g):$(id -un)')"
is "its home is /home/agent and it can write there" "/home/agent yes" \
    "$(quiet 'touch ~/x && echo $HOME yes')"
is "it starts in /workspace" "/workspace" "$(quiet pwd)"

echo "from the host" >host.txt
is "the workspace can be read" "from the host" "$(quiet 'cat host.txt')"
quiet 'echo "from the box" >box.txt; mkdir directory'
is "the workspace can be written" "from the box" "$(cat box.txt 2>&1)"
is "what the box makes belongs to the developer" "$(id -un):$(id -gn)" "$(stat --format=%U:%G box.txt directory 2>&1 | sort -u)"
is "no other directory of the host is in the box" "none" \
    "$(quiet "[ -e '$HOME/.config' ] && echo there || echo none")"

# --- what the kernel enforces -----------------------------------------------------------------------------------
status=$(quiet 'cat /proc/self/status')
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
    is "$set is empty" 0000000000000000 "$(line $set)"
done
is "no new privileges" 1 "$(line NoNewPrivs)"
is "a seccomp filter is on" 2 "$(line Seccomp)"
has "seccomp refuses a new user namespace" "not permitted|denied" "$(quiet 'unshare --user true 2>&1; true')"
has "processes are limited to 512" "^Max processes +512 +512 " "$(quiet 'cat /proc/self/limits')"
forks=$(quiet 'i=0; while [ $i -lt 700 ]; do sleep 20 & i=$((i+1)); done 2>&1; true')
has "the 700th process is refused" "fork|Resource temporarily unavailable" "$forks"
has "other processes of the host are invisible" "^[0-9]$" "$(quiet 'ls -d /proc/[0-9]* | wc -l')"

# --- the network ------------------------------------------------------------------------------------------------
if [[ -n ${AGENTBOX_INTERNET:-} ]]; then
    fetch='curl --silent --show-error --max-time 10'
    is "a host on the default list is reached" 404 \
        "$(quiet "$fetch --output /dev/null --write-out '%{http_code}' https://api.openai.com/")"
    has "a host that is not on the list is refused by name" "Could not resolve host: allowed.example" \
        "$(box "$fetch https://allowed.example/")"
    is "--allow adds it" "hello from allowed.example" "$(quiet "$fetch https://allowed.example/" --allow allowed.example)"
    has "an address is refused immediately" "refused|prohibited|unreachable" \
        "$(quiet 'timeout 3 bash -c "exec 3<>/dev/tcp/198.51.100.10/443" 2>&1; echo "code $?"')"
    has "so is an IPv6 address" "refused|prohibited|unreachable|not permitted" \
        "$(quiet 'timeout 3 bash -c "exec 3<>/dev/tcp/2001:db8:51::10/443" 2>&1; echo "code $?"')"
    mkdir .agentbox
    printf '[network]\nblock_hosts = ["api.openai.com"]\n' >.agentbox/config.toml
    has "the project's config takes a host away" "Could not resolve host: api.openai.com" \
        "$(box "$fetch https://api.openai.com/")"
    printf '[network]\nallow_hosts = ["allowed.example"]\n' >.agentbox/config.toml
    has "the project's config cannot add one by itself" "allowed.example" "$(box true)"
    box true >/dev/null
    is "and the box is refused then" 126 "$?"
    rm -r .agentbox
    is "--full-network opens everything" "hello from evil.example" \
        "$(quiet "$fetch http://evil.example/" --full-network)"
    has "and says so" "network" "$(box true --full-network)"
else
    skip "hosts on and off the list" "needs the test internet"
fi

# --- the entry point --------------------------------------------------------------------------------------------
has "without a terminal, a shell reads standard input" "^hello from bash" \
    "$(echo 'echo hello from ${BASH_VERSION:+bash}' | "$agentbox" run claude 2>/dev/null)"
has "with a terminal, the command gets it" "terminal /dev/pts/" \
    "$(on_terminal "'$agentbox' run -- /bin/sh -c 'echo terminal \$(tty)'")"
has "with a terminal, the agent starts" "2\.[0-9]+\.[0-9]+ \(Claude Code\)|[Cc]laude" \
    "$(on_terminal "timeout 20 '$agentbox' run claude" | head -c 4000)"
is "both agents are installed" "codex claude" \
    "$(quiet 'command -v codex >/dev/null && printf "codex "; command -v claude >/dev/null && printf claude')"

# --- how it ends ------------------------------------------------------------------------------------------------
for code in 0 1 42 125; do
    box "exit $code" >/dev/null
    is "exit code $code is passed on" "$code" "$?"
done
box 'kill -TERM $$' >/dev/null
is "a signal is passed on as 128 + its number" 143 "$?"
"$agentbox" run -- /no/such/program </dev/null >/dev/null 2>&1
is "a missing command gives 127" 127 "$?"

sessions=$XDG_RUNTIME_DIR/agentbox/sessions
left() { podman ps --all --quiet; podman pod ps --quiet; find "$sessions" -mindepth 1 -maxdepth 1 -type d 2>/dev/null; }
is "nothing is left behind" "" "$(left)"

"$agentbox" run -- sleep 100 </dev/null >/dev/null 2>&1 &
launcher=$!
for _ in {1..100}; do
    [[ -n $(podman ps --quiet --filter name=-agent 2>/dev/null) ]] && break
    sleep 0.1
done
kill -KILL "$launcher"
wait "$launcher" 2>/dev/null
box true >/dev/null
is "the call after a kill -9 of the launcher works" 0 "$?"
is "and cleans up after the killed one" "" "$(left)"

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
