# SPDX-License-Identifier: Apache-2.0
"""The start of a box, and each way in which it can end."""
import fcntl
import json
import os
import signal
import struct
import subprocess
import termios
import time

from box import HOME, PATIENCE, SystemTest, left_behind, podman, processes, sessions, wait_until, waiting_removals


class Lifecycle(SystemTest):
    def started(self, *arguments):
        """A box whose command is running."""
        process = self.start("run", *arguments, "--", "sh", "-c", "touch running; exec sleep 100")
        wait_until(lambda: (self.workspace / "running").exists() or process.poll() is not None, "the box runs")
        self.assertIsNone(process.poll(), "the box ended early")
        (self.workspace / "running").unlink()
        return process

    def test_stdin_passes_through(self):
        result = self.agentbox("run", "--", "cat", stdin="line one\nline two\n")
        self.assertCode(result, 0)
        self.assertEqual(result.out, "line one\nline two\n")

    def test_stdout_and_stderr_stay_apart(self):
        result = self.in_box("echo to stdout; echo to stderr >&2")
        self.assertEqual(result.out, "to stdout\n")
        self.assertIn("to stderr\n", result.err)

    def test_binary_output_is_not_changed(self):
        result = self.in_box("head -c 300000 /dev/zero | tr '\\0' '\\r' | wc -c; printf 'a\\r\\nb'")
        self.assertEqual(result.out, "300000\na\nb")  # text mode reads \r\n as \n

    def test_each_ending_signal_ends_the_box(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number.name):
                process = self.started()
                process.send_signal(number)
                self.assertEqual(process.wait(PATIENCE), 128 + number)
                self.assert_gone()

    def test_control_c_reaches_the_command(self):
        terminal = self.terminal("run", "--", "sh", "-c", "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.1; done")
        terminal.read_until("ready")
        terminal.write("\x03")
        self.assertEqual(terminal.wait(), 7)
        self.assertIn("caught", terminal.text)

    def test_the_terminals_size_and_its_changes_reach_the_command(self):
        terminal = self.terminal("run", "--", "sh", "-c", "stty size; trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.1; done")
        terminal.read_until("ready")
        fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
        terminal.read_until("33 101")
        self.assertEqual(terminal.wait(), 0)

    def test_a_closed_terminal_ends_the_box(self):
        terminal = self.terminal("run", "--", "sh", "-c", "echo ready; sleep 100")
        terminal.read_until("ready")
        terminal.hang_up()
        wait_until(lambda: not left_behind(), "the box is gone")

    def test_the_terminal_is_restored_afterwards(self):
        terminal = self.terminal("run", "--", "sh", "-c", "echo ready; sleep 0.3")
        before = termios.tcgetattr(terminal.fd)
        terminal.read_until("ready")
        terminal.wait()
        self.assertEqual(termios.tcgetattr(terminal.fd), before)

    def test_a_killed_launcher_takes_its_pod_with_it_and_the_next_call_removes_the_rest(self):
        process = self.started()
        wait_until(waiting_removals, "the pod's removal waits")
        process.kill()
        process.wait()
        wait_until(lambda: not [line for line in left_behind() if not line.startswith("session directory")], "the pod is gone")
        self.assertNotEqual(left_behind(), [])
        self.assertCode(self.in_box("true"), 0)
        self.assert_gone()

    def test_the_next_call_cleans_up_after_a_launcher_whose_helper_was_killed_as_well(self):
        process = self.started()
        wait_until(lambda: len(waiting_removals()) == 1, "the pod's removal waits")
        os.kill(waiting_removals()[0], signal.SIGKILL)
        process.kill()
        process.wait()
        time.sleep(0.5)
        self.assertNotEqual(podman("pod", "ps", "--format", "{{.Name}}"), [])
        self.assertCode(self.in_box("true"), 0)
        self.assert_gone()

    def test_boxes_that_start_at_the_same_moment_have_different_names(self):
        wait = "until [ -e go ]; do sleep 0.05; done; exit 7"
        boxes = [self.start("run", "--share-workspace", "--", "sh", "-c", wait) for _ in range(3)]
        wait_until(lambda: len(podman("ps", "--filter", "name=-agent", "--format", "{{.Names}}")) == 3, "three boxes")
        (self.workspace / "go").touch()
        self.assertEqual([box.wait(PATIENCE) for box in boxes], [7, 7, 7])
        self.assert_gone()

    def test_a_box_that_is_removed_with_force_can_be_started_again_immediately(self):
        process = self.started("--name", "again")
        for _ in range(int(os.environ.get("AGENTBOX_ROUNDS", "5"))):
            self.assertCode(self.agentbox("rm", "--force", "again"), 0)
            following = self.started("--name", "again")
            self.assertEqual(process.wait(PATIENCE), 128 + signal.SIGTERM)
            process = following
        self.assertCode(self.agentbox("stop", "again"), 0)
        self.assertEqual(process.wait(PATIENCE), 128 + signal.SIGTERM)
        self.assert_gone()

    def test_a_halted_launcher_is_removed_with_force(self):
        process = self.started("--name", "halted")
        process.send_signal(signal.SIGSTOP)
        self.assertCode(self.agentbox("rm", "--force", "halted"), 0)
        self.assertEqual(process.wait(PATIENCE), -signal.SIGKILL)
        self.assert_gone()

    def test_a_killed_firewall_ends_the_run_and_says_so(self):
        process = self.started()
        infra = podman("ps", "--all", "--filter", "name=-firewall", "--format", "{{.Pid}}")
        os.kill(int(infra[0]), signal.SIGKILL)
        _, err = process.communicate(timeout=PATIENCE)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn(b"firewall", err)

    def test_boxes_run_side_by_side_in_one_workspace(self):
        first, second = self.started(), self.started("--share-workspace")
        self.assertEqual(len(sessions()), 2)
        first.terminate()
        first.wait(PATIENCE)
        self.assertIsNone(second.poll())
        second.terminate()
        second.wait(PATIENCE)

    def test_twenty_boxes_one_after_another_leave_nothing(self):
        for _ in range(20):
            self.assertCode(self.in_box("true"), 0)
        self.assert_gone()

    def test_a_background_process_does_not_keep_the_box_running(self):
        result = self.in_box("sleep 100 & echo done")
        self.assertCode(result, 0)
        self.assertLess(result.seconds, 100)

    def test_orphans_are_reaped(self):
        result = self.in_box("for i in 1 2 3; do (sh -c 'sleep 0.05 &'); done; sleep 0.5; "
                             "grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l")
        self.assertEqual(result.out.strip(), "0")

    def test_a_restart_behind_agentboxs_back_does_not_run_the_command(self):
        """After such a restart the box's hook is gone, and perhaps its firewall: agent-entrypoint refuses, or the rules are loaded."""
        launcher = self.started()
        agent = podman("ps", "--filter", "name=-agent", "--format", "{{.Names}}")[0]
        subprocess.run(["podman", "restart", "--time", "0", agent], capture_output=True, timeout=PATIENCE, check=False)
        probe = ["podman", "exec", agent, "bash", "-c", "exec 3<>/dev/tcp/198.51.100.10/80 && echo open"]
        done = subprocess.run(probe, capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertNotIn("open", done.stdout)
        launcher.terminate()
        launcher.wait(PATIENCE)

    def test_a_killed_doctor_leaves_nothing_for_long(self):
        scratch = HOME / ".local/state/agentbox/scratch"
        process = self.start("doctor")
        wait_until(lambda: list(scratch.glob("doctor-*")) or process.poll() is not None, "the throw-away box's project")
        self.assertIsNone(process.poll())
        process.kill()
        process.wait(PATIENCE)
        self.assertEqual(len(list(scratch.glob("*"))), 1)
        self.assertCode(self.agentbox("run", "--", "true"), 0)
        self.assertEqual(list(scratch.glob("*")), [])

    def test_doctor_starts_a_box_and_shows_its_error(self):
        def box(*options):
            result = self.agentbox("doctor", "--json", *options)
            report = json.loads(result.out)
            return next(one for one in report["findings"] if one["id"] == "box"), report["enforceable"], result

        found, enforceable, result = box()
        self.assertEqual(found["status"], "ok", str(result))
        self.assertRegex(found["detail"], r"removed in \d+\.\d s")
        self.assertEqual(enforceable, result.code == 0)
        self.assertEqual(box("--quick")[0]["status"], "not_applicable")
        self.user_config("[toolkits]\nselected = ['java', 'datascience']\n")
        self.assertIn("not built", box()[0]["detail"])
        self.user_config("[no such table]\n")
        found, enforceable, result = box()
        self.assertEqual((found["status"], enforceable, result.code), ("missing", False, 1))
        self.assertIn("config.toml", found["detail"])
