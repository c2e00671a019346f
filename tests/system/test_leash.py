# SPDX-License-Identifier: Apache-2.0
"""A box ends when its launcher is killed with SIGKILL: no agent starts, or keeps working, without a launcher."""
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

import box
from box import PATIENCE, SystemTest, podman, processes, wait_until, waiting_removals

# Each worker writes the time into its own file, again and again, and ignores every signal that can be ignored.
WORK = ("trap '' HUP INT TERM; for worker in 1 2; do setsid sh -c 'trap \"\" HUP INT TERM; while :; do "
        "date +%s.%N >>stamps-'$worker'; sleep 0.01; done' & done; wait")
ALLOWED = 5  # seconds from the kill until everything is gone, on a slow machine; without the leash the agent works forever


class Leash(SystemTest):
    def stamps(self):
        """Returns the times at which the agent worked."""
        found = []
        for path in self.workspace.glob("stamps-*"):
            for line in path.read_text().splitlines():
                with contextlib.suppress(ValueError):
                    found.append(float(line))
        return sorted(found)

    def killed_after(self, seconds, *options):
        """Kills a launcher `seconds` after its start; returns the time of the kill."""
        process = self.start("run", *options, "--", "sh", "-c", WORK)
        time.sleep(seconds)
        process.kill()
        process.wait()
        return time.time()

    def assert_unattended_agent_ends(self, killed):
        """Returns whether the agent had begun."""
        wait_until(lambda: not [line for line in processes().values() if "agent-entrypoint" in line.split(" ")[0]],
                   "the agent's first process ends")
        time.sleep(1)  # an agent that keeps working writes more
        stamps = self.stamps()
        if stamps:
            self.assertLess(stamps[0], killed + ALLOWED, "the agent began after its launcher's death")
            self.assertLess(stamps[-1], killed + ALLOWED, "the agent kept working after its launcher's death")
        for path in self.workspace.glob("stamps-*"):
            path.unlink()
        return bool(stamps)

    def clean_up(self):
        self.assertCode(self.in_box("true"), 0)
        self.assert_gone()

    def test_at_random_moments(self):
        rounds = int(os.environ.get("AGENTBOX_ROUNDS", "8"))
        begun = 0
        for _ in range(rounds):
            after = random.uniform(0.05, 2.0)
            with self.subTest(killed_after=after):
                begun += self.assert_unattended_agent_ends(self.killed_after(after))
        print(f"({begun} of {rounds} agents had begun)", end=" ", flush=True)
        self.clean_up()

    def test_without_the_helper_that_removes_the_pod(self):
        """Then only the leash can end the box."""
        process = self.start("run", "--", "sh", "-c", WORK)
        wait_until(self.stamps, "the agent works")
        wait_until(waiting_removals, "the pod's removal waits")
        for pid in waiting_removals():
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()
        self.assertTrue(self.assert_unattended_agent_ends(time.time()))
        wait_until(lambda: not [line for line in processes().values() if "agentbox-firewall" in line], "the firewall ends")
        self.clean_up()

    def test_sessions_of_exec_end_as_well(self):
        process = self.start("run", "--", "sh", "-c", "touch up; exec sleep 100")
        wait_until((self.workspace / "up").exists, "the box runs")
        joined = self.start("exec", "--", "sh", "-c", WORK)
        wait_until(self.stamps, "the joined command works")
        process.kill()
        process.wait()
        self.assertTrue(self.assert_unattended_agent_ends(time.time()))
        joined.wait(PATIENCE)
        self.clean_up()

    def test_the_box_cannot_open_its_end_of_the_leash(self):
        """Not by a path, through /proc of the first process, or by a signal."""
        script = r"""
            for fd in /proc/1/fd/*; do
                case $(readlink $fd 2>/dev/null) in socket:*) socket=$fd; esac
            done
            (exec 9<>$socket) 2>/dev/null && echo opened it
            (exec 9>$socket) 2>/dev/null && echo opened it
            echo x 2>/dev/null >$socket && echo wrote to it
            kill -STOP 1 2>/dev/null; kill -IO 1 2>/dev/null; kill -KILL 1 2>/dev/null
            env | grep LEASH
            ls /run/agentbox
            echo end"""
        self.assertEqual(self.in_box(f"trap '' IO; {script}").out, "box.json\nend\n")


class LeashAtEachStep(SystemTest):
    def test_killed_before_each_step_the_agent_never_keeps_working(self):
        prefix = pathlib.Path(box.AGENTBOX).resolve().parent.parent
        program = self.workspace.parent / (self.workspace.name + "-faults")
        (program / "bin").mkdir(parents=True)
        self.addCleanup(shutil.rmtree, program)
        shutil.copy(box.HERE / "probes" / "probe_faults", program / "bin" / "agentbox")
        for directory in ("libexec", "share"):
            (program / directory).symlink_to(prefix / directory)
        plan = json.loads(self.agentbox("run", "--dry-run", "--json", "--", "true").out)
        self.assertIn("create leash", [step["do"] for step in plan["steps"]])
        for number in range(len(plan["steps"]) + 1):
            with self.subTest(step=number):
                fault = f"steps:{number}:kill" if number < len(plan["steps"]) else "teardown:0:kill"
                done = subprocess.run([program / "bin" / "agentbox", "run", "--", "sh", "-c", "touch began; sleep 0.2"],
                                      cwd=self.workspace, env=self.environment(AGENTBOX_FAULT=fault), capture_output=True,
                                      stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
                self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
                wait_until(lambda: not [line for line in processes().values() if "agent-entrypoint" in line.split(" ")[0]],
                           "the agent's first process ends")
                self.assertEqual((self.workspace / "began").exists(), number == len(plan["steps"]))
                self.assertCode(self.in_box("true"), 0)
        self.assert_gone()
