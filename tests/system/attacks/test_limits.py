# SPDX-License-Identifier: Apache-2.0
"""Floods: each limit is exhausted from inside, and the host keeps working."""
import os
import pathlib
import shutil
import subprocess

from box import AUDIT, PATIENCE, SystemTest, wait_until


def host_is_fine():
    """Checks that the host still starts processes of the same user, and responds in time."""
    return subprocess.run(["/bin/true"], timeout=PATIENCE, check=False).returncode == 0


class Floods(SystemTest):
    def test_a_fork_bomb_stays_in_its_box(self):
        script = "perl -e 'while ($n < 5000) { $p = fork; last unless defined $p; if (!$p) { sleep 60; exit } $n++ } print $n'"
        result = self.in_box(script, "--pids", "64")
        self.assertTrue(host_is_fine())
        self.assert_gone()
        self.assertLess(int(result.out), 64)
        self.assertGreater(int(result.out), 30)  # the control: what is allowed can be started

    def test_a_shell_fork_bomb_ends_with_its_box(self):
        process = self.start("run", "--pids", "64", "--", "bash", "-c", "touch running; b() { b | b & }; b; sleep 100")
        wait_until(lambda: (self.workspace / "running").exists() or process.poll() is not None, "the box runs")
        self.assertTrue(host_is_fine())
        process.terminate()
        process.wait(PATIENCE)
        self.assert_gone()

    def test_the_temporary_directories_are_bounded(self):
        self.user_config('[limits]\ntmp = "8MiB"\nshm = "4MiB"\n')
        script = """
            for directory in /tmp /dev/shm /run; do
                head -c 100M /dev/zero >$directory/flood 2>/dev/null && echo "took all of it in $directory"
                [ -e $directory/flood ] && stat -c "%s" $directory/flood || echo 0
            done"""
        sizes = self.in_box(script).out.split()
        self.assertEqual(len(sizes), 3, sizes)
        self.assertLessEqual(int(sizes[0]), 8 << 20)
        self.assertGreater(int(sizes[0]), 4 << 20)  # the control: what is allowed is there
        self.assertLessEqual(int(sizes[1]), 4 << 20)
        self.assertGreater(int(sizes[1]), 2 << 20)

    def test_open_files_are_bounded(self):
        self.user_config("[limits]\nopen_files = 256\n")
        result = self.in_box("ulimit -Hn; ulimit -n 100000 2>/dev/null || echo refused")
        self.assertEqual(result.out.split(), ["256", "refused"])

    def test_core_files_are_not_written(self):
        self.assertEqual(self.in_box("ulimit -Hc; sh -c 'kill -SEGV $$' 2>/dev/null; echo dead").out.split(), ["0", "dead"])
        self.assertEqual([path for path in self.workspace.iterdir() if "core" in path.name], [])

    def test_a_flood_of_refusals_leaves_a_bounded_log(self):
        self.clear_audit()
        result = self.in_box("bash -c 'for j in $(seq 2000); do exec 3<>/dev/tcp/198.51.100.10/$((j+1000)); done 2>/dev/null; echo end'",
                             timeout=PATIENCE)
        self.assertEqual(result.out, "end\n")
        size = sum(path.stat().st_size for path in AUDIT.glob("*.jsonl"))
        self.assertGreater(size, 0)
        self.assertLess(size, 1 << 20, "2,000 refusals")
        self.assertLess(len(result.err.splitlines()), 40, "lines of the launcher about them: 20 live ones, and the summary")

    def test_the_boxs_output_is_stored_nowhere(self):
        """--log-driver none: a flood on stdout goes to its reader, and to no file of the host."""
        before = shutil.disk_usage(os.environ["HOME"]).used
        process = self.start("run", "--", "sh", "-c", "head -c 300M /dev/zero")
        size = 0
        while part := process.stdout.read(1 << 20):
            size += len(part)
        self.assertEqual(size, 300 << 20)
        self.assertEqual(process.wait(PATIENCE), 0)
        storage = pathlib.Path(os.environ["HOME"], ".local/share/containers")
        logs = [path for path in storage.rglob("ctr.log") if path.stat().st_size > 1 << 20]
        self.assertEqual(logs, [])
        self.assertLess(shutil.disk_usage(os.environ["HOME"]).used - before, 250 << 20)

    def test_memory_is_bounded_on_request(self):
        """The limit is refused where it cannot be enforced; otherwise only the box is affected."""
        result = self.in_box("head -c 300M /dev/zero | tail | wc -c; echo end", "--memory", "64M")
        if result.code == 126:
            self.assertIn("memory", result.err)
            self.assertIn("not delegated", result.err)
        else:
            self.assertNotIn("314572800", result.out)
            self.assertIn("end", result.out)
        self.assertTrue(host_is_fine())

    def test_processors_are_bounded_on_request(self):
        result = self.in_box("cat /sys/fs/cgroup/cpu.max", "--cpus", "0.5")
        if result.code == 126:
            self.assertIn("not delegated", result.err)
        else:
            self.assertEqual(result.out.split(), ["50000", "100000"])


    def test_the_process_limit_holds_inside(self):
        inside = self.in_box("bash -c 'ulimit -Hu'; cat /sys/fs/cgroup/pids.max 2>/dev/null || echo none", "--pids", "99").out.split()
        self.assertTrue(inside[0] == "99" or inside[1] == "99", inside)
