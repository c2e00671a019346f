# SPDX-License-Identifier: Apache-2.0
"""Runs a program on a virtual screen: tmux renders it, and answers the queries of full-screen programs."""
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import time

from box import PATIENCE


class Screen:
    """Runs `command` on a separate screen; `close` ends it."""

    def __init__(self, command, cwd, env):
        self._directory = pathlib.Path(tempfile.mkdtemp(prefix="agentbox-screen-"))
        line = " ".join(map(shlex.quote, map(str, command))) + '; printf "\\nended with %s.\\n" $?; exec cat'
        self._env = {**env, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        self._tmux("-f", "/dev/null", "-u", "new-session", "-d", "-x", "120", "-y", "50", "-c", str(cwd), line)

    def _tmux(self, *words):
        return subprocess.run(["tmux", "-S", self._directory / "socket", *words], env=self._env, check=True, capture_output=True,
                              text=True).stdout

    def text(self):
        """Returns the text of the screen and its scrollback."""
        return self._tmux("capture-pane", "-p", "-S", "-", "-t", ":0")

    def attributes(self):
        """Like text(), with the escape sequences of colours and other attributes."""
        return self._tmux("capture-pane", "-p", "-e", "-S", "-", "-t", ":0")

    def wait_for(self, wanted, each_poll=lambda: None):
        """Polls until `wanted` is shown, and calls `each_poll` before each poll."""
        deadline = time.monotonic() + PATIENCE
        while wanted not in (text := self.text()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{wanted!r} was not shown within {PATIENCE} s, but:\n{text}")
            each_poll()
            time.sleep(0.2)
        return text

    def type(self, text):
        self._tmux("send-keys", "-t", ":0", "-l", text)

    def press(self, *keys):
        self._tmux("send-keys", "-t", ":0", *keys)

    def close(self):
        subprocess.run(["tmux", "-S", self._directory / "socket", "kill-server"], capture_output=True, check=False)
        shutil.rmtree(self._directory, ignore_errors=True)
