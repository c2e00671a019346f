# SPDX-License-Identifier: Apache-2.0
"""Tests that need a whole machine: SELinux, systemd with its user managers, logins, a boot. Runs outside the machine
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
from suite_runner import run_suite  # noqa: E402

DIRECTORY = sys.argv[1]
PATIENCE = 900  # seconds: on an emulated machine a box takes up to a minute to start
UNIT = "agentbox-unit"
ATTACKED = re.compile(r"tclass=(sctp|dccp)_socket|\{ write \} .*container_ro_file_t:s0 tclass=file")
CURL = r'curl -s -o /dev/null -w "%{http_code}\n"'
DEBIAN = """Debian 13 with Debian's SELinux policy in enforcing mode, which differs from Fedora's:

* `container_t` may not open nfnetlink sockets, which the firewall needs.
* A container may not use the pipes and sockets of a login: `podman run IMAGE echo text | cat` prints nothing there and exits with
  status 0, and a box is refused. The types do not allow it, and the levels do not either: at a login's usual range,
  `s0-s0:c0.c1023`, Debian constrains every use of a socket and a pipe by level (`policy/mcs` of SELinuxProject/refpolicy),
  Fedora only `open` of a FIFO (the same file of fedora-selinux/selinux-policy).
* `container_t` may not request kernel modules.

So the machine loads `tests/vm/agentbox_test.cil`, and the developer logs in at level `s0`."""


def login(user, script, check=True):
    """Returns what `script` prints in a login shell of `user`; raises AssertionError with its messages when it fails."""
    done = subprocess.run(["bash", str(HERE / "run"), DIRECTORY, "in", user, f"bash -c {shlex.quote(script)}"], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False, errors="replace")
    if check and done.returncode:
        raise AssertionError(f"exit code {done.returncode} of: {script}\n{done.stdout}{done.stderr}")
    return done.stdout


def developer(script, check=True):
    """As a developer, in their own project."""
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
    """Returns the containers of the developer, and the launchers of boxes."""
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
        """Returns the denials that the kernel logged since the start of the test, without duplicates and `agentbox verify`'s attacks."""
        # Without --input-logs it reads its stdin, which ssh gives it.
        text = root(f"LC_ALL=C ausearch --input-logs --message avc --start {self.since} 2>&1", check=False)
        self.assertRegex(text, "type=AVC|no matches")
        found = set(re.findall(r"denied .*scontext=\S*:(?:container|unconfined|podman|pasta)\S* .*", text))
        return sorted(line for line in found if not ATTACKED.search(line))

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
        self.assertEqual(self.denials(), [])

    def test_permissive_mode_works_as_well(self):
        root("setenforce 0")
        self.addCleanup(root, "setenforce 1")
        self.assertIn("it runs", developer("agentbox run -- echo it runs"))


class Features(Machine):
    """Each feature that gives a box further files or processes, in enforcing mode: it works, and nothing is denied."""

    def works(self, script, expected):
        """Runs `script` in a new project; its output matches every one of `expected`."""
        name = self.id().rsplit(".", 1)[-1]
        said = developer(f"rm -rf ../{name} && mkdir -p ../{name} && cd ../{name} && {{ {script}\n}} 2>&1", check=False)
        for pattern in expected:
            self.assertRegex(said, pattern)
        self.assert_gone()
        self.assertEqual(self.denials(), [])
        return said

    def test_a_ca_bundle_in_the_home(self):
        self.works(f"cp /run/agentbox-internet/ca.pem ~/ca.pem; agentbox run --ca-bundle ~/ca.pem -- {CURL} "
                   "https://api.openai.com/; ls -Z ~/ca.pem", [r"\b(404|200)\b", "user_home_t"])

    def test_a_login_is_read_and_renewed(self):
        login_of = """{"claudeAiOauth": {"accessToken": "%s", "refreshToken": "r", "expiresAt": %d000, "scopes": []}}"""
        old, new = (login_of % (name, time.time() + 3600 * hours) for name, hours in (("the-old", 1), ("the-new", 8)))
        inside = "/home/agent/.agentbox-login/claude"
        self.works(f"mkdir -p ~/.claude; echo {shlex.quote(old)} >~/.claude/.credentials.json; chmod 600 ~/.claude/.credentials.json; "
                   f"agentbox run claude --auth claude -- sh -c {shlex.quote(f'cat {inside}/.credentials.json; cd {inside}; umask 77; echo {shlex.quote(new)} >new && mv new .credentials.json && sleep 5')}; "
                   "echo host; cat ~/.claude/.credentials.json; ls -Z ~/.claude/.credentials.json; rm -r ~/.claude",
                   ["the-old", "(?s)host.*the-new"])

    def test_a_published_port(self):
        listen = ("use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 3000, Listen => 1) or die; "
                  "my $c = $s->accept; print $c \"from the box\\n\"; close $c")
        self.works(f"agentbox run -p 8123:3000 -- perl -e {shlex.quote(listen)} & "
                   "for _ in $(seq 200); do { read -r answer </dev/tcp/127.0.0.1/8123; } 2>/dev/null && break; sleep 1; done; "
                   "echo \"answer: $answer\"; wait", ["answer: from the box"])

    def test_a_mount_that_the_user_labelled_as_the_hint_says(self):
        self.works("rm -rf ~/data; mkdir ~/data; echo data >~/data/file; "
                   "box() { agentbox run --mount ~/data:/data -- sh -c 'cat /data/file; echo more >/data/made; ls /data'; }; "
                   "box; echo \"refused with $?\"; $(box 2>&1 | grep -o 'chcon .*'); box",
                   ["SELinux denies the box write access to .*data", "refused with 126", "(?s)refused.*data\nfile\nmade"])

    def test_a_mount_that_agentbox_labels(self):
        self.works("rm -rf ~/more; mkdir -p ~/more/deep; echo data >~/more/deep/file; "
                   "for _ in 1 2; do agentbox run --mount ~/more:/data:label -- sh -c 'cat /data/deep/file; echo new >/data/made; cat /data/made'; done; "
                   "ls -Z ~/more; agentbox run --mount ~/.ssh:/data:ro,label -- true; echo \"refused with $?\"; ls -Zd ~/.ssh",
                   [r"labelled \d+ entries of .*/more .*restorecon -RF .*/more", r"(?m)^data\nnew$", r"container_file_t:s0:c\d+\S* deep",
                    r"(?s)does not label it: it is a credential store.*refused with 126.*ssh_home_t"])

    def test_a_sign_in(self):
        """By codex, whose device code the stand-in for the internet accepts without a person."""
        self.works("cp /run/agentbox-internet/ca.pem ~/ca.pem; mkdir -p ~/.config/agentbox; echo 'ca_bundle = \"/home/developer/ca.pem\"' >~/.config/agentbox/config.toml; "
                   "agentbox login codex; agentbox login --status --json; agentbox run codex --auth codex -- sh -c 'test -s ~/.codex/auth.json && echo the box has it'; "
                   "agentbox logout codex; rm ~/.config/agentbox/config.toml; ls -A ~/.local/state/agentbox/scratch | wc -l",
                   [r'"usable": true', "the box has it", r"(?m)^0$"])

    def test_hosts_are_allowed_and_denied_while_it_runs(self):
        ask = f"agentbox exec live -- sh -c '{CURL} --insecure https://evil.example/; grep -c evil.example /run/agentbox/box.json'"
        self.works("agentbox run --name live -- sleep 1000 & until agentbox exec live -- true; do sleep 2; done 2>/dev/null; "
                   f"{ask}; agentbox allow evil.example; {ask}; agentbox deny evil.example; {ask}; agentbox verify live; agentbox stop live; wait",
                   [r"(?s)000\n0.*\n(200|404)\n1.*000\n", "PASS"])

    def test_kube_play(self):
        self.works("agentbox generate kube --name set --output ~/set --force -- sh -c "
                   f"'cat /proc/self/attr/current; echo; touch made; {CURL} --insecure https://api.openai.com/' && eval \"$(sed -n 's/^# Start: *//p' ~/set/pod.yaml)\"; "
                   "podman wait agentbox-set-agent; podman logs agentbox-set-agent; ls -Z made; "
                   "eval \"$(sed -n 's/^# Stop: *//p' ~/set/pod.yaml)\"; podman volume prune --force",
                   [r"container_t:s0:c\d+", r"\b(404|200)\b", r"container_file_t:s0:c\d+.* made"])

    def test_a_bundle(self):
        self.works("agentbox generate oci --name bundle --config-only -- true | grep -i label; rm -rf ~/bundle; agentbox generate oci --name bundle --output ~/bundle -- sh -c "
                   f"'cat /proc/self/attr/current; echo; touch made; {CURL} --insecure https://api.openai.com/' && ~/bundle/start; ls -Z made; podman unshare rm -r ~/bundle",
                   [r"(?s)mountLabel.*container_t:s0:c\d+", r"(?m)container_t:s0:c\d+\S*$", r"(?m)^(404|200)$", r"container_file_t:s0:c\d+.* made"])

    def test_the_other_firewall_driver(self):
        # No container may request kernel modules (docs/broadening/firewall-driver.md).
        page = (HERE.parent.parent / "docs/broadening/firewall-driver.md").read_text()
        root("modprobe -a nft_compat " + " ".join(re.findall(r"`((?:xt|ipt|ip6t)_\w+)`", page)))
        self.works(f"agentbox run --firewall-driver iptables -- sh -c '{CURL} --insecure https://api.openai.com/; {CURL} --insecure https://evil.example/'",
                   [r"(?s)(404|200)\n.*000\n"])

    def test_a_killed_launcher_is_swept(self):
        self.works("agentbox run --name dead -- sleep 1000 & until agentbox exec dead -- true; do sleep 2; done 2>/dev/null; "
                   "kill -9 $!; wait; agentbox run --name after -- echo it runs; agentbox ps", ["it runs"])

    def test_instructions(self):
        self.works("mkdir -p ~/.claude; echo moin >~/.claude/CLAUDE.md; echo 'cat ~/.claude/CLAUDE.md' | agentbox run claude --instructions; "
                   "ls -Z ~/.claude/CLAUDE.md; rm -r ~/.claude", ["moin", "user_home_t|home_t"])

    def test_a_kept_home_and_conversations(self):
        # Without a terminal, a shell takes the agent's place.
        write = ("echo kept >~/kept; mkdir -p ~/.claude/projects/-workspace; "
                 "echo talk >~/.claude/projects/-workspace/11111111-1111-4111-8111-111111111111.jsonl")
        self.works(f"echo {shlex.quote(write)} | agentbox run claude --home keep; echo 'cat ~/kept' | agentbox run claude --home keep; "
                   "echo 'cat ~/.claude/projects/-workspace/*' | agentbox run claude; agentbox home clear",
                   ["(?m)^kept$", "(?m)^talk$"])


class Systemd(Machine):
    def unit(self, *command):
        """Makes a Quadlet unit of a box that runs `command`, and loads it into the user's systemd."""
        developer("rm -rf ~/set ~/.config/containers/systemd; mkdir -p ~/.config/containers/systemd; "
                  f"agentbox generate quadlet --name unit --output ~/set -- {shlex.join(command)} && "
                  f"ln -s ~/set/{UNIT}.kube ~/.config/containers/systemd/ && mkdir -p ~/.config/systemd/user/{UNIT}.service.d && "
                  f"printf '[Service]\\nTimeoutStartSec={PATIENCE}\\n' >~/.config/systemd/user/{UNIT}.service.d/slow.conf && systemctl --user daemon-reload")
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
        self.assertEqual(self.state(), "inactive")
        wait_until(lambda: not developer("podman ps --quiet").split(), "its containers are gone")

    def test_quadlet_restarts_and_has_failed_when_its_firewall_ends(self):
        self.unit("sleep", "1000")
        developer(f"systemctl --user start {UNIT}")
        one = developer(f"podman inspect --format '{{{{.Id}}}}' {UNIT}-agent").strip()
        developer(f"systemctl --user restart {UNIT}")
        self.assertEqual(self.state(), "active")
        self.assertNotEqual(developer(f"podman inspect --format '{{{{.Id}}}}' {UNIT}-agent").strip(), one)
        self.assertEqual(self.denials(), [])
        developer(f"podman kill {UNIT}-firewall")
        wait_until(lambda: self.state() != "active", "the unit has ended")
        self.assertEqual(self.state(), "failed")
        wait_until(lambda: not developer("podman ps --quiet").split(), "its containers are gone")
        self.assertEqual(self.denials(), [])

    def test_a_unit_lives_as_long_as_the_user_lingers(self):
        self.unit("sleep", "1000")
        running = "pgrep --uid developer --exact agentbox-firewa"
        root("loginctl enable-linger developer")
        self.addCleanup(root, "loginctl disable-linger developer")
        developer(f"systemctl --user start {UNIT}")
        time.sleep(30)  # without lingering, the user's manager ends 10 s after the last session
        self.assertTrue(root(running, check=False))
        root("loginctl disable-linger developer")
        wait_until(lambda: not root(running, check=False), "the unit has ended with the last session")

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

    def test_without_a_login_session_there_is_a_clear_message(self):
        """su - and cron get no runtime directory."""
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
    """Returns the versions for which a result is valid."""
    lines = root(". /etc/os-release; echo $PRETTY_NAME, Linux $(uname -r); podman --version; crun --version | head -n 1; "
                 "pasta --version | head -n 1; systemctl --version | head -n 1; "
                 "dpkg-query --show --showformat='${Package} ${Version}\\n' selinux-policy-default; agentbox --version | head -n 1")
    return lines.splitlines()


def write_result(text):
    """Writes the page of the last complete run."""
    rows = re.findall(r"(?m)^(ok|FAILED|skipped \(.*?\)) +([\d.]+) s +\S+: (\S+)$", text)
    page = ["# Hosts", "", "Written by `./dev vm` (see [HACKING.md](../HACKING.md)): results on a whole machine, with its versions.", "",
            f"{time.strftime('%Y-%m-%d')}, {DEBIAN}", "", *[f"* {line}" for line in facts()], "",
            "| Case | Result |", "|---|---|"]
    page += [f"| {name.removeprefix('test_').replace('_', ' ')} | {verdict} |" for verdict, _, name in rows]
    page += ["", text.splitlines()[-1] + ".", ""]
    (HERE.parent.parent / "docs" / "hosts.md").write_text("\n".join(page))


def main():
    loader = unittest.TestLoader()
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (SELinux, Features, Systemd))
    said = Tee(sys.stdout)
    with contextlib.redirect_stdout(said):
        code = run_suite(suite, sys.argv[2:])
    if len(sys.argv) == 2:
        write_result(said.text)
    return code


sys.exit(main())
