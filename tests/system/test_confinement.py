# SPDX-License-Identifier: Apache-2.0
"""Attacks by a process in the box on the kernel, the host's files and the box's own files."""
import ctypes
import os
import pathlib
import platform
import shutil
import subprocess

from box import HERE, PATIENCE, SystemTest, wait_until

REFUSED = {
    "unshare-user", "unshare-net", "clone3", "mount", "chroot", "ptrace-parent", "read-parent-memory", "keyctl", "add-key",
    "bpf", "io-uring", "userfaultfd", "perf-event", "open-by-handle", "kernel-log", "socket-packet",
    "socket-raw", "socket-vsock", "socket-alg", "socket-netlink-netfilter", "socket-sctp",
}
# The kernel itself allows these to an ordinary user, so the box is what refuses them.
ORDINARY = {"unshare-user", "clone3", "ptrace-parent", "read-parent-memory", "keyctl", "add-key"}
NEEDED = {
    "socket-tcp", "socket-tcp6", "socket-udp", "socket-unix", "socket-netlink-route", "epoll", "inotify", "memfd", "fork",
}


def results(text):
    return dict(line.split(" ", 1) for line in text.splitlines())


class Confinement(SystemTest):
    def test_system_calls(self):
        probe = HERE / "probes" / "probe_attempt"
        shutil.copy(probe, self.workspace / "probe")
        inside = results(self.in_box("./probe").out)
        outside = results(subprocess.run([probe], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout)
        self.assertEqual(set(inside), REFUSED | NEEDED)
        self.assertEqual({name for name in NEEDED if inside[name] != "ok"}, set(), inside)
        self.assertEqual({name for name in REFUSED if inside[name] == "ok"}, set(), inside)
        self.assertEqual({name for name in ORDINARY if outside[name] != "ok"}, set(), outside)

    def test_masked_and_read_only_paths(self):
        script = """
            for path in /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats /proc/scsi /sys/firmware; do
                [ -s $path ] && [ -n "$(head -c1 $path 2>/dev/null || ls -A $path 2>/dev/null)" ] && echo "readable $path"
            done
            for path in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /sys/kernel/uevent_helper /proc/irq/default_smp_affinity; do
                [ -e $path ] && (echo x >$path) 2>/dev/null && echo "writable $path"
            done
            for path in / /etc /usr /usr/local/bin /home; do
                (touch $path/agentbox-probe) 2>/dev/null && echo "writable $path"
            done
            echo end"""
        self.assertEqual(self.in_box(script).out, "end\n")

    def test_devices(self):
        allowed = {"console", "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout",
                   "tty", "urandom", "zero"}
        self.assertLessEqual(set(self.in_box("ls /dev").out.split()), allowed)
        self.assertIn("denied", self.in_box("mknod /tmp/sda b 8 0 2>&1 || echo denied").out)

    def test_mounts_carry_no_setuid_and_no_devices(self):
        mounts = self.in_box("cat /proc/self/mountinfo").out.splitlines()
        fields = {line.split()[4]: line.split()[5].split(",") for line in mounts}
        self.assertIn("/workspace", fields)
        for place, options in fields.items():
            if place == "/" or (place.startswith(("/proc/", "/sys/")) and "ro" in options):
                continue  # the runtime's own masks
            self.assertTrue("nosuid" in options or place.startswith("/dev/"), f"{place}: {options}")
            self.assertTrue("nodev" in options or place.startswith("/dev"), f"{place}: {options}")

    def test_a_setuid_program_gains_nothing(self):
        program = self.workspace / "id"
        shutil.copy("/usr/bin/id", program)
        os.chmod(program, 0o4755)
        self.assertEqual(self.in_box("./id -u; ls /usr/bin/su >/dev/null 2>&1 && su -c id </dev/null 2>&1; true").out.split()[0], "1000")

    def test_the_hosts_environment_stays_outside(self):
        out = self.in_box("env", AWS_SECRET_ACCESS_KEY="secret", SSH_AUTH_SOCK="/tmp/agent", GITHUB_TOKEN="secret").out
        names = {line.split("=")[0] for line in out.splitlines()}
        self.assertEqual(names & {"AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "GITHUB_TOKEN", "XDG_RUNTIME_DIR", "AGENTBOX_GATE"}, set())
        self.assertIn("PATH", names)

    def test_no_file_descriptor_of_the_launcher_is_inherited(self):
        self.assertEqual(self.in_box("ls /proc/self/fd").out.split(), ["0", "1", "2", "3"])  # 3 is the listing's own

    def test_files_that_the_host_would_execute_are_protected(self):
        """The agent may change the project, but not what git and agentbox run or read on the host."""
        subprocess.run(["git", "init", "--quiet"], cwd=self.workspace, check=True)
        self.project_config("")
        script = """
            (echo x >.git/hooks/pre-commit) 2>/dev/null && echo "wrote a hook"
            (echo x >>.git/config) 2>/dev/null && echo "wrote git's config"
            (echo x >>.agentbox/config.toml) 2>/dev/null && echo "wrote agentbox's config"
            mv .git moved 2>/dev/null && echo "moved .git"
            rm -rf .git/hooks 2>/dev/null && echo "removed the hooks"
            echo x >file && git add file && git -c user.name=a -c user.email=a@b commit --quiet -m x && echo committed"""
        self.assertEqual(self.in_box(script).out, "committed\n")
        self.assertFalse((self.workspace / ".git/hooks/pre-commit").exists())

    def test_landlock_is_a_second_layer_for_file_access(self):
        if "ABI" not in next(line for line in self.agentbox("doctor", "--quick").out.splitlines() if "Landlock" in line):
            self.skipTest("no Landlock here")
        denied = """
            for path in /run/.containerenv /proc/1/environ; do
                [ -e $path ] && cat $path >/dev/null 2>&1 && echo "read $path"
            done
            readlink /proc/1/fd/0
            echo end"""
        self.assertEqual(self.in_box(denied).out, "end\n")
        process = self.start("run", "--", "sh", "-c", "touch up; exec sleep 100")
        wait_until((self.workspace / "up").exists, "the box runs")
        self.assertEqual(self.agentbox("exec", "--", "sh", "-c", denied).out, "end\n")
        # A user's shell may end processes of the agent; the agent may not end the user's.
        self.assertEqual(self.agentbox("exec", "--", "sh", "-c", "for p in /proc/[0-9]*; do [ \"$(cat $p/comm)\" = sleep ] && "
                                       "kill -0 ${p#/proc/} && echo may; done; true").out, "may\n")
        self.assertNotEqual(self.in_box("kill -0 1", "--share-workspace").code, 0)
        process.terminate()
        process.wait()

    def test_what_tools_need_works_behind_landlock(self):
        script = """
            set -e
            git init --quiet r && cd r && echo x >a && git add a && git -c user.name=a -c user.email=a@b commit --quiet -m x
            mkdir d && mv a d/b && ln d/b c && rm d/b && git status --short >/dev/null
            echo '#!/bin/sh' >run && chmod +x run && ./run
            echo x >/tmp/x && mv /tmp/x . && echo x >/var/tmp/y && echo x >/dev/shm/z && echo x >/dev/null && : </dev/zero
            echo x >~/f && mkdir -p ~/.cache/t && mv ~/f ~/.cache/t/
            find / -maxdepth 2 -path /etc/passwd 2>/dev/null || true
            ls / /sys >/dev/null && cat /proc/self/status /proc/cpuinfo >/dev/null
            mkfifo p && (echo fifo >p &) && cat p && head -c1 /dev/urandom >/dev/null
            perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) && bind(S, pack_sockaddr_un("s")) && print "socket\\n"'"""
        result = self.in_box(script)
        self.assertEqual((result.code, result.out), (0, "/etc/passwd\nfifo\nsocket\n"), result.err)

    def test_a_box_leaves_the_host_its_inotify_instances(self):
        call = {"x86_64": 294, "aarch64": 26}[platform.machine()]  # inotify_init1
        script = f"perl -e '$| = 1; $n++ while syscall({call}, 0) >= 0; print \"$n\\n\"; open F, \">full\"; sleep 100'"
        most = int(pathlib.Path("/proc/sys/fs/inotify/max_user_instances").read_text())
        process = self.start("run", "--", "sh", "-c", script)
        wait_until(lambda: (self.workspace / "full").exists() or process.poll() is not None, "the quota is used up")
        libc = ctypes.CDLL(None)
        own = [libc.inotify_init() for _ in range(most // 4)]
        self.assertGreater(min(own), 0)
        for fd in own:
            os.close(fd)
        used = process.stdout.readline()  # before the end, which may come before the rest of the output
        process.terminate()
        process.communicate(timeout=PATIENCE)
        self.assertIn(int(used), range(8, most // 2 + 1))

    def test_extra_mounts(self):
        other = self.workspace.parent / (self.workspace.name + "-other")
        other.mkdir()
        self.addCleanup(shutil.rmtree, other)
        (other / "data").write_text("data")
        script = "cat /data/data; (echo x >/data/new) 2>/dev/null && echo ' written' || echo ' refused'"
        self.assertEqual(self.in_box(script, "--mount", f"{other}:/data:ro").out, "data refused\n")
        self.assertEqual(self.in_box(script, "--mount", f"{other}:/data").out, "data written\n")
