# SPDX-License-Identifier: Apache-2.0
"""What only a whole machine can show: SELinux, systemd with its user managers, logins, a boot. Runs outside of the machine
(see run), and logs in as its users by ssh. usage: cases.py DIRECTORY [NAME...]"""
import contextlib
import pathlib
import re
import shlex
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from lines import run_suite  # noqa: E402

DIRECTORY = sys.argv[1]
PATIENCE = 900  # seconds: an emulated start of a box takes up to a minute
UNIT = "agentbox-unit"
DEBIAN = """Debian 13 with Debian's SELinux policy in enforcing mode. Where it differs from Fedora's:

* `container_t` may not open nfnetlink sockets, which the firewall needs.
* A container may not use the pipes and sockets of a login: `podman run IMAGE echo text | cat` prints nothing there and exits with
  status 0, and a box is refused. The types do not allow it, and the levels do not either: at a login's usual range,
  `s0-s0:c0.c1023`, Debian constrains every use of a socket and a pipe by level (`policy/mcs` of SELinuxProject/refpolicy),
  Fedora only `open` of a FIFO (the same file of fedora-selinux/selinux-policy).
* `container_t` may not request kernel modules.

So the machine loads `tests/vm/agentbox_test.cil`, and the developer logs in at level `s0`."""


def login(user, script, check=True):
    """What `script` prints in a login shell of `user`; AssertionError with its messages when it fails."""
    done = subprocess.run(["bash", str(HERE / "run"), DIRECTORY, "in", user, f"bash -c {shlex.quote(script)}"], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False, errors="replace")
    if check and done.returncode:
        raise AssertionError(f"exit code {done.returncode} of: {script}\n{done.stdout}{done.stderr}")
    return done.stdout


def developer(script, check=True):
    """As a developer, in a project of their own."""
    return login("developer", f"mkdir -p ~/work/project && cd ~/work/project\n{script}", check)


def root(script, check=True):
    return login("root", script, check)


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        time.sleep(2)


def left():
    """The containers of the developer, and the launchers of boxes."""
    return developer("podman ps --all --quiet; pgrep -x agentbox", check=False).split()


class Tee:
    """Writes to a stream and keeps the text."""

    def __init__(self, stream):
        self.stream, self.text = stream, ""

    def write(self, text):
        self.text += text
        return self.stream.write(text)

    def flush(self):
        self.stream.flush()


class Machine(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.since = root("LC_ALL=C date +'%x %X'").strip()

    def denials(self):
        """The denials that the kernel logged since the start of the test, each once."""
        # Without --input-logs it reads its stdin, which ssh gives it.
        text = root(f"LC_ALL=C ausearch --input-logs --message avc --start {self.since} 2>&1", check=False)
        self.assertRegex(text, "type=AVC|no matches")
        return sorted(set(re.findall(r"denied .*scontext=\S*:(?:container|unconfined|podman|pasta)\S* .*", text)))

    def assert_gone(self):
        wait_until(lambda: not left(), "every trace of the boxes is gone")


class SELinux(Machine):
    def test_it_enforces(self):
        self.assertEqual(root("getenforce").strip(), "Enforcing")
        self.assertRegex(developer("agentbox doctor", check=False), r"SELinux +enforcing")

    def test_a_box_of_a_new_project_runs_confined_and_nothing_is_denied(self):
        said = developer("rm -rf ../fresh && mkdir ../fresh && cd ../fresh && echo text >file && agentbox run -- sh -c '"
                         "cat /proc/self/attr/current; echo; cat file; echo more >made; curl -s -o /dev/null -w \"%{http_code}\" "
                         "--insecure https://api.openai.com/; echo'; ls -Z made; id -Z")
        self.assertRegex(said, r"system_u:system_r:container_t:s0:c\d+")
        self.assertIn("text", said)
        self.assertRegex(said, r"\b(404|200)\b")
        self.assertRegex(said, r"unconfined_t")
        self.assert_gone()
        self.assertEqual(self.denials(), [])

    def test_two_projects_have_two_levels(self):
        levels = [re.search(r"container_t:(\S+)", developer(f"mkdir -p ../{name} && cd ../{name} && agentbox run -- cat /proc/self/attr/current"))[1]
                  for name in ("one", "two")]
        self.assertNotEqual(*levels)
        self.assertTrue(all(re.search(r"c\d", level) for level in levels), levels)

    def test_verify_holds(self):
        said = developer("agentbox verify")
        self.assertIn("PASS", said)
        # The attacks themselves are denied: SCTP and DCCP sockets, and writing to sealed files. Nothing else is.
        self.assertEqual([line for line in self.denials() if not re.search(
            r"tclass=(sctp|dccp)_socket|\{ write \} .*container_ro_file_t:s0 tclass=file", line)], [])

    def test_permissive_mode_runs_too(self):
        root("setenforce 0")
        self.addCleanup(root, "setenforce 1")
        self.assertIn("it runs", developer("agentbox run -- echo it runs"))


class Systemd(Machine):
    def unit(self, *command):
        """A Quadlet unit of a box that runs `command`, known to the user's systemd."""
        developer("rm -rf ~/set ~/.config/containers/systemd; mkdir -p ~/.config/containers/systemd; "
                  f"agentbox generate quadlet --name unit --output ~/set -- {shlex.join(command)} && "
                  f"ln -s ~/set/{UNIT}.kube ~/.config/containers/systemd/ && systemctl --user daemon-reload")
        self.addCleanup(developer, f"systemctl --user stop {UNIT}; rm -rf ~/.config/containers/systemd; "
                        "systemctl --user daemon-reload; podman volume prune --force", check=False)

    def state(self):
        return developer(f"systemctl --user is-active {UNIT}", check=False).strip()

    def test_quadlet_starts_logs_and_stops(self):
        self.unit("sh", "-c", "echo it-is-in-the-box; cat /proc/self/attr/current; exec sleep 1000")
        developer(f"systemctl --user start {UNIT}")
        self.assertEqual(self.state(), "active")
        wait_until(lambda: "it-is-in-the-box" in developer(f"podman logs {UNIT}-agent", check=False), "the agent's output")
        self.assertEqual(self.denials(), [])
        developer(f"systemctl --user stop {UNIT}")
        self.assertIn(self.state(), ("inactive", "failed"))
        wait_until(lambda: not developer("podman ps --quiet").split(), "its containers are gone")

    def test_quadlet_does_not_wait_for_the_network_target(self):
        self.unit("sleep", "1000")
        wanted = developer(f"systemctl --user show --property=After,Wants {UNIT}")
        self.assertNotIn("network-online", wanted)

    def test_limits_are_those_of_the_scope_without_swap(self):
        said = developer("agentbox run --name limited --memory 512M --cpus 1.5 -- sleep 1000 >/dev/null 2>&1 & "
                         "until pid=$(podman inspect --format '{{.State.Pid}}' agentbox-limited-agent 2>/dev/null) && [ \"${pid:-0}\" -gt 0 ]; "
                         "do sleep 1; done; cd /sys/fs/cgroup$(cut -d: -f3 /proc/$pid/cgroup); pwd; "
                         "grep . memory.max memory.swap.max cpu.max pids.max ../memory.max ../memory.swap.max ../pids.max; "
                         "agentbox stop limited", check=False)
        print(said)
        self.assertRegex(said, r"(?m)^(\.\./)?memory.max:536870912$")
        self.assertRegex(said, r"(?m)^(\.\./)?cpu.max:150000 100000$|^cpu.max:150000 100000$")
        self.assertRegex(said, r"(?m)^(\.\./)?pids.max:512$")
        self.assert_gone()

    def test_without_a_login_session_there_is_a_clear_word(self):
        """su - and cron have no runtime directory of their own."""
        said = root("su - developer -c 'cd work/project; echo runtime=$XDG_RUNTIME_DIR; agentbox run -- echo it runs' 2>&1", check=False)
        print(said)
        self.assertRegex(said, "it runs|hint")

    def test_systemd_run_user(self):
        said = developer("systemd-run --user --pipe --wait --quiet --working-directory=$PWD env -u XDG_RUNTIME_DIR agentbox run -- echo it runs 2>&1", check=False)
        print(said)
        self.assertRegex(said, "it runs|hint")

    def test_the_end_of_the_connection_ends_the_box(self):
        process = subprocess.Popen(["bash", str(HERE / "run"), DIRECTORY, "in", "-tt", "developer",
                                    "cd work/project && agentbox run -- sleep 1000"], stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: "agent" in developer("podman ps --format '{{.Names}}'"), "the box runs")
        process.kill()
        self.assert_gone()

    def test_a_resolver_behind_the_stub_is_asked(self):
        self.assertIn("127.0.0.53", root("cat /etc/resolv.conf"))
        for program in ("pasta", "slirp4netns"):
            developer(f"mkdir -p ~/.config/containers; printf '[network]\\ndefault_rootless_network_cmd = \"{program}\"\\n' >~/.config/containers/containers.conf")
            self.addCleanup(developer, "rm -f ~/.config/containers/containers.conf")
            said = developer("agentbox run -- curl -s -o /dev/null -w '%{http_code}' --insecure https://api.openai.com/")
            self.assertRegex(said, r"\b(404|200)\b", program)


def facts():
    """The versions that a result holds for."""
    lines = root(". /etc/os-release; echo $PRETTY_NAME, Linux $(uname -r); podman --version; crun --version | head -n 1; "
                 "pasta --version | head -n 1; systemctl --version | head -n 1; "
                 "dpkg-query --show --showformat='${Package} ${Version}\\n' selinux-policy-default; agentbox --version | head -n 1")
    return lines.splitlines()


def write_result(text):
    """The page of the last complete run."""
    rows = re.findall(r"(?m)^(ok|FAILED|skipped \(.*?\)) +([\d.]+) s +\S+: (\S+)$", text)
    page = ["# Hosts", "", "Written by `./dev vm` (see [HACKING.md](../HACKING.md)): what was seen on a whole machine, and on which.", "",
            f"{time.strftime('%Y-%m-%d')}, {DEBIAN}", "", *[f"* {line}" for line in facts()], "",
            "| Case | Result |", "|---|---|"]
    page += [f"| {name.removeprefix('test_').replace('_', ' ')} | {verdict} |" for verdict, _, name in rows]
    page += ["", text.splitlines()[-1] + ".", ""]
    (HERE.parent.parent / "docs" / "hosts.md").write_text("\n".join(page))


def main():
    loader = unittest.TestLoader()
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (SELinux, Systemd))
    said = Tee(sys.stdout)
    with contextlib.redirect_stdout(said):
        code = run_suite(suite, sys.argv[2:])
    if len(sys.argv) == 2:
        write_result(said.text)
    return code


sys.exit(main())
