# SPDX-License-Identifier: Apache-2.0
"""The end of a box as the shell sees it: exit status, messages, and the state of the terminal."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import termios
import time

import box
from box import PATIENCE, SystemTest, launcher, wait_until
from screen import Screen

FULL_SCREEN = r"printf '\033[?1049h\033[?1000h\033[?2004h\033[?25l\033[?1h\033='; echo ready; exec sleep 100"
RESET = ("\x1b[?1049l", "\x1b[?1000l", "\x1b[?2004l", "\x1b[?25h", "\x1b[?1l", "\x1b>", "\x1b[<99u")


class Pipelines(SystemTest):
    def shell(self, line):
        return subprocess.run(["bash", "-c", line], cwd=self.workspace, capture_output=True, text=True, timeout=PATIENCE,
                              env=self.environment(AGENTBOX=box.AGENTBOX, SSL_CERT_FILE=None), check=False)

    def test_a_closed_reader_ends_the_command_quietly_with_141(self):
        done = self.shell('"$AGENTBOX" run -- yes | head -c 4; echo " ${PIPESTATUS[0]}"')
        self.assertEqual((done.stdout, done.stderr), ("y\ny\n 141\n", ""))

    def test_closed_standard_streams(self):
        for redirection in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(redirection):
                done = self.shell(f'"$AGENTBOX" run -- sh -c "cat; exit 5" {redirection}')
                self.assertEqual(done.returncode, 5, done.stderr)

    def test_stdout_and_stderr_in_one_pipe_keep_their_order(self):
        done = self.shell('"$AGENTBOX" run -- sh -c "for i in 1 2 3; do echo out; sleep 1; echo err >&2; sleep 1; done" 2>&1 | cat')
        self.assertEqual(done.stdout, "out\nerr\n" * 3)


class TerminalAfterwards(SystemTest):
    def started(self):
        """A full-screen program in a box on a terminal, whose session leader is a shell."""
        terminal = self.terminal_of(["sh", "-c", '"$0" run -- sh -c "$1"; echo "ended with $?."; read -r line', box.AGENTBOX, FULL_SCREEN])
        before = termios.tcgetattr(terminal.fd)
        terminal.read_until("ready")
        self.assertNotEqual(termios.tcgetattr(terminal.fd), before)
        return terminal, before

    def terminal_of(self, command):
        opened = box.Terminal(command, self.workspace, self.environment(TERM="xterm"))
        self.addCleanup(opened.close)
        return opened

    def assert_reset(self, terminal, before):
        for sequence in RESET:
            terminal.read_until(sequence)
        wait_until(lambda: termios.tcgetattr(terminal.fd) == before, "the terminal's modes are restored")
        terminal.write("\n")
        terminal.wait()
        self.assertNotIn("ERRO", terminal.text)

    def test_the_launcher_is_killed(self):
        terminal, before = self.started()
        os.kill(launcher(), signal.SIGKILL)
        terminal.read_until("ended with 137.")
        self.assert_reset(terminal, before)
        self.assertCode(self.in_box("true"), 0)  # removes the session directory
        self.assert_gone()

    def test_the_box_is_stopped(self):
        terminal, before = self.started()
        self.assertCode(self.agentbox("stop"), 0)
        terminal.read_until("ended with 143.")
        self.assertEqual(termios.tcgetattr(terminal.fd), before)
        self.assert_reset(terminal, before)
        self.assert_gone()

    def test_the_agent_is_killed(self):
        terminal, before = self.started()
        box.podman("kill", "--signal", "KILL", box.podman("ps", "--filter", "name=-agent$", "--format", "{{.Names}}")[0])
        terminal.read_until("ended with 137.")
        self.assertEqual(termios.tcgetattr(terminal.fd), before)
        self.assert_reset(terminal, before)

    def test_a_program_that_ends_by_itself_leaves_its_output_and_the_cursor(self):
        screen = self.screen("run", "--", "printf", r"one\ntwo\nthree\n")
        shown = screen.wait_for("ended with 0.").splitlines()
        begin = shown.index("one")
        self.assertEqual(shown[begin:begin + 3], ["one", "two", "three"])
        self.assertIn("ended with 0.", shown[begin + 3:begin + 6])  # after what agentbox says

    def screen(self, *arguments):
        screen = Screen([box.AGENTBOX, *arguments], self.workspace, self.environment())
        self.addCleanup(screen.close)
        return screen

    # Output that would hide one of our lines, or move it out of sight.
    HIDING = (r"\033[?1049h", r"\033[8m", r"\033[3;5r\033[?6h", r"\033[?1049h\033[8m\033[2;3r\033[?6h\033[?25l\033[?1000h\033[?2026h",
              r"\033]0;unfinished title", r"\033Punfinished string", r"\033[3", r"\033(0\016", r"\033[5i", r"\033[?7l\033[999C")

    def test_an_agents_last_bytes_do_not_hide_agentboxs_messages(self):
        for hiding in self.HIDING:
            with self.subTest(hiding):
                screen = self.screen("run", "--", "sh", "-c", f"echo before; curl -s http://blocked.test; printf '{hiding}'")
                screen.wait_for("ended with")
                shown = screen.attributes()
                if "1049" in hiding:
                    self.assertIn("before", shown)
                said = [line for line in shown.splitlines() if "blocked.test" in line]
                self.assertTrue(said, shown)
                self.assertNotIn("\x1b[8m", shown)
                self.assertNotIn("\x0e", shown)

    # Device attributes (three kinds), status, cursor, colours, settings, terminfo, title, keyboard, window.
    QUERIES = (r"\033[c\033[>c\033[=c\033[5n\033[6n\033[?6n\033]10;?\007\033]11;?\033\\\033]4;1;?\007\033P$qm\033\\"
               r"\033P+q544e\033\\\033[21t\033[?u\033[18t\033[>q\033[?2026$p\005")

    def test_answers_to_an_agents_questions_do_not_reach_the_shell(self):
        for times in (1, 200):
            screen = self.screen("run", "--", "sh", "-c", f"for i in $(seq {times}); do printf '{self.QUERIES}'; done")
            screen.wait_for("ended with 0.")
            time.sleep(0.5)
            self.assertNotIn("^[", screen.text().split("ended with")[1])  # cat would show them

    def test_a_terminals_late_answers_do_not_reach_the_shell(self):
        """A simulated terminal, which answers each query after a moment, in order."""
        terminal = self.terminal_of(["sh", "-c", '"$0" run -- printf "\\033[c\\033]11;?\\007ready"; echo "ended with $?."; exec cat -v',
                                     box.AGENTBOX])
        shown, row, column = b"", b"1", b"1"
        while b"ended with 0." not in shown:
            part = os.read(terminal.fd, 4096)
            shown += part
            for place, question in re.findall(rb"\x1b\[(\d+;\d+)H|(\x1b\[c|\x1b\]11;\?|\x1b\[6n)", part):
                if place:
                    row, column = place.split(b";")
                    continue
                time.sleep(0.1)
                terminal.write({b"\x1b[c": "\x1b[?62;c", b"\x1b]11;?": "\x1b]11;rgb:dead/beef/0000\x1b\\"}.get(
                    question, f"\x1b[{row.decode()};{column.decode()}R"))
        time.sleep(0.5)
        terminal.write("end\n")
        terminal.text = shown[shown.rindex(b"ended with"):].decode()
        terminal.read_until("end\r\nend")
        for answer in ("62;c", "beef", "R"):
            self.assertNotIn(answer, terminal.text)

    def test_a_pager_keeps_its_screen(self):
        terminal = self.terminal_of(["bash", "-c", '"$0" run -- sh -c "echo ready; printf \\"\\033[8m\\" >&2" | cat; echo "ended with $?."',
                                     box.AGENTBOX])
        terminal.read_until("ended with 0.")
        self.assertNotIn("\x1b[?1049l", terminal.text)
        self.assertIn("\x1b[0m", terminal.text)


class SignalAtEachStep(SystemTest):
    """A signal before each step of the launch, its plan and its teardown."""
    MOMENTS = 12  # k_launch_moments

    def setUp(self):
        super().setUp()
        prefix = pathlib.Path(box.AGENTBOX).resolve().parent.parent
        self.program = self.workspace.parent / (self.workspace.name + "-faults")
        (self.program / "bin").mkdir(parents=True)
        self.addCleanup(shutil.rmtree, self.program)
        shutil.copy(box.HERE / "probes" / "probe_faults", self.program / "bin" / "agentbox")
        for directory in ("libexec", "share"):
            (self.program / directory).symlink_to(prefix / directory)

    def test_the_exit_code_is_128_plus_its_number_and_nothing_is_left(self):
        plan = json.loads(self.agentbox("run", "--dry-run", "--json", "--", "true").out)
        moments = [f"launch:{number}" for number in range(self.MOMENTS)]
        moments += [f"{phase}:{number}" for phase in ("steps", "teardown") for number in range(len(plan[phase]))]
        for moment in moments:
            for name in ("INT", "TERM", "HUP"):
                with self.subTest(moment=moment, signal=name):
                    done = subprocess.run([self.program / "bin" / "agentbox", "run", "--", "true"], cwd=self.workspace,
                                          env=self.environment(AGENTBOX_FAULT=f"{moment}:{name}"), capture_output=True, text=True,
                                          stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
                    number = signal.Signals[f"SIG{name}"].value
                    self.assertIn(done.returncode, (128 + number, -number), done.stderr)
                    self.assertNotIn("could not start", done.stderr)
                    self.assert_gone()

    def test_while_podman_waits_for_the_lock_of_its_store(self):
        """Stops `podman pod create`, as if it waited."""
        process = self.start("run", "--", "true")
        creating = lambda: [pid for pid, line in _podmans().items() if " pod create " in line]
        wait_until(lambda: creating() or process.poll() is not None, "podman pod create runs")
        for pid in creating():
            os.kill(pid, signal.SIGSTOP)
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 128 + signal.SIGTERM)
        self.assert_gone()


def _podmans():
    found = {}
    for directory in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if directory.stat().st_uid == os.getuid() and (directory / "comm").read_text().strip() == "podman":
                found[int(directory.name)] = (directory / "cmdline").read_text().replace("\0", " ")
        except OSError:
            pass
    return found
