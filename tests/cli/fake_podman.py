#!/usr/bin/python3 -I
# SPDX-License-Identifier: Apache-2.0
"""Plays podman for tests: records each call in $HOME/calls, and behaves as $HOME/fake.json specifies."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

HOME = pathlib.Path(os.environ["HOME"])
CALLS = HOME / "calls"
ARGV = sys.argv[1:]
POD_ID = "9d" * 32


def verb():
    words = ARGV[2:] if ARGV[:1] == ["--hooks-dir"] else ARGV
    return " ".join(words[:2]) if words[:1] in (["pod"], ["image"]) else words[0]


def record(**more):
    CALLS.mkdir(exist_ok=True)
    call = {"verb": verb(), "pid": os.getpid(), "argv": ARGV, "env": dict(os.environ),
            "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if int(fd) > 2), **more}
    name = f"{time.monotonic_ns():020}-{os.getpid()}.json"
    (CALLS / (name + ".new")).write_text(json.dumps(call))
    (CALLS / (name + ".new")).rename(CALLS / name)


def option(name):
    return ARGV[ARGV.index(name) + 1]


def session_files():
    directory = pathlib.Path(option("--hooks-dir")).parent
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def run(behaviour):
    if behaviour.get("stderr"):
        print(behaviour["stderr"], file=sys.stderr)
    if not behaviour.get("never_starts"):
        pidfile = pathlib.Path(option("--pidfile"))
        pidfile.with_suffix(".new").write_text(str(os.getpid()))
        pidfile.with_suffix(".new").rename(pidfile)
    if behaviour.get("hook_error"):
        (pathlib.Path(option("--hooks-dir")).parent / "hook-error").write_text(behaviour["hook_error"])
    if behaviour.get("shell"):  # what a compromised firewall may do to its files
        subprocess.run(["/bin/sh", "-c", behaviour["shell"]], cwd=pathlib.Path(option("--hooks-dir")).parent / "run", check=True)
    time.sleep(behaviour.get("seconds", 0))
    if behaviour.get("wait_for_signal"):
        received = signal.sigwait({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        record(signal=received)
        sys.exit(128 + received)
    sys.stdout.write("y" * behaviour.get("prints", 0))
    sys.stdout.write(sys.stdin.read() if behaviour.get("cat") else "")
    sys.exit(behaviour.get("code", 0))


def main():
    behaviour = json.loads((HOME / "fake.json").read_text()) if (HOME / "fake.json").exists() else {}
    mine = behaviour.get(verb(), {})
    if mine.get("waits_for_lock"):  # as Podman waits for the lock of its store during a build
        record(verb="waits for lock")
        time.sleep(100)
    if verb() == "run":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        if not pathlib.Path(option("--pod-id-file")).read_text():  # a FIFO: waits until the pod exists
            sys.exit("Error: no pod with name or ID  found")
        record(files=session_files())
        run(mine)
    # A waiting removal runs when its input ends.
    if "/dev/stdin" in ARGV and mine.get("tells"):
        record(verb="stands by")
    record(**({"input": sys.stdin.read()} if "/dev/stdin" in ARGV else {}))
    if verb() == "pod create":
        with open(option("--pod-id-file"), "x", encoding="ascii") as file:
            file.write(POD_ID)
        print(POD_ID)
    if verb() == "info":
        print((HOME / "info.json").read_text())
    if mine.get("stderr"):
        print(mine["stderr"], file=sys.stderr)
    sys.exit(mine.get("code", 0))


main()
