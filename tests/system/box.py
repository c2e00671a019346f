# SPDX-License-Identifier: Apache-2.0
"""Base of the system tests: runs the real `agentbox` as a user would, and checks that nothing is left behind."""
import contextlib
import dataclasses
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent.parent  # tests/, as installed for the rootless user
AGENTBOX = os.environ.get("AGENTBOX", "agentbox")
HOME = pathlib.Path(os.environ["HOME"])
RUNTIME = pathlib.Path(os.environ["XDG_RUNTIME_DIR"])
SESSIONS = RUNTIME / "agentbox" / "sessions"
AUDIT = HOME / ".local" / "state" / "agentbox" / "audit"
CONFIG = HOME / ".config" / "agentbox" / "config.toml"
PATIENCE = 60  # seconds to wait for an event on a slow machine; endless commands in boxes run for 100 s or more


@dataclasses.dataclass
class Result:
    """How a run of `agentbox` ended."""
    code: int
    out: str
    err: str
    seconds: float

    def __str__(self):
        return f"exit code {self.code} after {self.seconds:.1f} s\nstdout: {self.out}\nstderr: {self.err}"


def podman(*arguments):
    return subprocess.run(["podman", *arguments], check=True, capture_output=True, text=True).stdout.split()


def processes():
    """Returns {pid: command line} of the user's processes that belong to a box."""
    found = {}
    for directory in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if directory.stat().st_uid != os.getuid():
                continue
            name = (directory / "comm").read_text().strip()
            stands_by = name == "podman" and "\0/dev/stdin\0" in (directory / "cmdline").read_text()
            if stands_by or name in ("conmon", "crun", "slirp4netns", "pasta", "pasta.avx2", "rootlessport", "agentbox-firewa",
                        "agentbox", "agentbox-hook", "agent-entrypoin"):
                if line := (directory / "cmdline").read_text():  # empty: a zombie that its parent has not reaped yet
                    found[int(directory.name)] = line.replace("\0", " ")
    return found


def waiting_removals():
    """Returns the processes that wait for the end of a launcher to remove its pod."""
    return [pid for pid, line in processes().items() if "--pod-id-file /dev/stdin" in line]


def sessions():
    """Returns the directories of all boxes, running or dead."""
    return [path for path in SESSIONS.glob("*") if path.is_dir()]


def launcher():
    """Returns the pid of the only box's launcher."""
    [session] = sessions()
    return json.loads((session / "session.json").read_text())["pid"]


def left_behind():
    """Returns what a finished box should have removed and did not, as lines of text."""
    left = [f"container {name}" for name in podman("ps", "--all", "--format", "{{.Names}}")]
    left += [f"pod {name}" for name in podman("pod", "ps", "--format", "{{.Name}}")]
    left += [f"process {pid}: {line}" for pid, line in processes().items()]
    left += [f"session directory {path}" for path in sessions()]
    mounts = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return left + [f"mount {line}" for line in mounts if "/agentbox/sessions" in line]


def wait_until(condition, what):
    """Polls `condition`, and fails with `what` when it does not become true in time."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.02)


class SystemTest(unittest.TestCase):
    """A fresh workspace for each test; a test fails when its box leaves anything behind."""
    maxDiff = None

    def setUp(self):
        (HOME / "work").mkdir(exist_ok=True)
        self.workspace = pathlib.Path(tempfile.mkdtemp(prefix="project-", dir=HOME / "work"))
        self.addCleanup(shutil.rmtree, self.workspace, ignore_errors=True)
        self.addCleanup(self._nothing_left)
        CONFIG.unlink(missing_ok=True)

    def _nothing_left(self):
        CONFIG.unlink(missing_ok=True)
        deadline = time.monotonic() + PATIENCE
        while (left := left_behind()) and time.monotonic() < deadline:
            time.sleep(0.05)
        if left:
            subprocess.run(["podman", "pod", "rm", "--all", "--force", "--time", "0"], capture_output=True, check=False)
            subprocess.run(["podman", "rm", "--all", "--force", "--time", "0"], capture_output=True, check=False)
            shutil.rmtree(SESSIONS, ignore_errors=True)
        self.assertEqual(left, [], "left behind")

    def environment(self, **changes):
        """Returns the caller's environment with `changes`; None removes a variable."""
        variables = {**os.environ, **changes}
        return {name: value for name, value in variables.items() if value is not None}

    def agentbox(self, *arguments, stdin="", timeout=300, cwd=None, **env):
        """Runs `agentbox ARGUMENTS` without a terminal, in the workspace."""
        start = time.monotonic()
        done = subprocess.run([AGENTBOX, *map(str, arguments)], cwd=cwd or self.workspace, input=stdin, text=True,
                              capture_output=True, timeout=timeout, env=self.environment(**env), check=False,
                              errors="backslashreplace")
        return Result(done.returncode, done.stdout, done.stderr, time.monotonic() - start)

    def put(self, name, text="secret\n"):
        """Writes a file of the project, with the directories above it."""
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def in_box(self, script, *options, **more):
        """Runs a shell script in a box; options go before the `--`."""
        return self.agentbox("run", *options, "--", "/bin/sh", "-c", script, **more)

    def start(self, *arguments, **env):
        """Starts `agentbox ARGUMENTS` without a terminal and returns immediately."""
        process = subprocess.Popen([AGENTBOX, *map(str, arguments)], cwd=self.workspace, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(**env))
        self.addCleanup(self._end, process)
        return process

    def _end(self, process):
        if process.poll() is None:
            process.terminate()  # after a killed launcher the agent runs for a moment, and holds the pipes that are read here
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=PATIENCE)
        if process.poll() is None:
            process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # left_behind() finds the process that still holds its pipes
            process.communicate(timeout=PATIENCE)

    def terminal(self, *arguments, **env):
        """Starts `agentbox ARGUMENTS` on a new terminal."""
        opened = Terminal([AGENTBOX, *map(str, arguments)], self.workspace, self.environment(**env))
        self.addCleanup(opened.close)
        return opened

    def user_config(self, text):
        CONFIG.parent.mkdir(parents=True, exist_ok=True)
        CONFIG.write_text(text)

    def project_config(self, text):
        (self.workspace / ".agentbox").mkdir(exist_ok=True)
        (self.workspace / ".agentbox" / "config.toml").write_text(text)

    def audit(self):
        """Returns all audit records in the host's state directory, oldest file first."""
        files = sorted(AUDIT.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
        return [json.loads(line) for path in files for line in path.read_text().splitlines()]

    def clear_audit(self):
        for path in [*AUDIT.glob("*.jsonl"), *AUDIT.glob("*.totals")]:
            path.unlink()

    def assert_gone(self):
        """Waits until nothing of any box is left: Podman's monitors end shortly after their command."""
        wait_until(lambda: not left_behind(), "every trace of the box is gone")

    def assertCode(self, result, code):
        self.assertEqual(result.code, code, str(result))


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, command, cwd, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(command[0], command, env)
        self.text = ""

    def read_until(self, wanted):
        """Reads until `wanted` has been shown."""
        deadline = time.monotonic() + PATIENCE
        while wanted not in self.text:
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f"{wanted!r} was not shown within {PATIENCE} s, but: {self.text}")
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                part = b""
            if not part:
                raise AssertionError(f"{wanted!r} was not shown before the end, but: {self.text}")
            self.text += part.decode(errors="replace")
        return self.text

    def write(self, text):
        os.write(self.fd, text.encode())

    def wait(self):
        """Waits and returns the exit code, 128 + N for signal N. Adds the output to `text`."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self.fd], [], [], 0.05)
            if ready:
                with contextlib.suppress(OSError):
                    self.text += os.read(self.fd, 65536).decode(errors="replace")
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
        raise AssertionError(f"still running after {PATIENCE} s; it showed: {self.text}")

    def hang_up(self):
        """Hangs up, like closing the terminal's window."""
        os.close(self.fd)
        self.fd = -1

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        if self.pid:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)


class Internet:
    """What arrived at the test internet since this object was made."""

    def __init__(self):
        self.directory = pathlib.Path(os.environ["AGENTBOX_INTERNET"])
        self._offsets = {path.name: path.stat().st_size for path in self.directory.glob("*.jsonl")}

    def _new(self, name):
        with open(self.directory / name, encoding="utf-8") as file:
            file.seek(self._offsets.get(name, 0))
            return [json.loads(line) for line in file if line.endswith("\n")]  # the last one may be incomplete

    def dns(self):
        return self._new("dns.jsonl")

    def http(self):
        return self._new("http.jsonl")

    def sink(self):
        return self._new("sink.jsonl")

    def packets(self):
        """Returns the packets, without the site's own multicast messages."""
        return [packet for packet in self._new("packets.jsonl") if not packet["to"].startswith("ff02:")]
