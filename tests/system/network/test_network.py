# SPDX-License-Identifier: Apache-2.0
"""The firewall's notices while a box runs, and changes of its rules at run time."""
import json
import os
import pathlib
import socket
import statistics
import threading
import time

from box import AUDIT, PATIENCE, SESSIONS, Internet, SystemTest, wait_until

# Polls `evil.example`, and writes the result to the workspace.
ASK = """
while ! test -e done; do
    if curl --silent --output /dev/null --max-time 5 https://evil.example/; then echo open; else echo closed; fi >state.new
    mv state.new state
    sleep 0.1
done
"""
# A connection that sends a few bytes at intervals, until it is cut.
HOLD = """
trap '' PIPE
until { exec 3<>/dev/tcp/evil.example/7000; } 2>/dev/null; do sleep 0.1; done
touch connected
while echo more >&3; do sleep 0.1; done 2>/dev/null
touch cut
"""


class Reader:
    """Reads a stream in the background, and records when each line arrived."""

    def __init__(self, stream):
        self.lines = []
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream):
        for line in stream:
            self.lines.append((time.time(), line.decode(errors="replace").rstrip("\n")))

    def time_of(self, part):
        return next((when for when, line in self.lines if part in line), None)

    def text(self):
        return "\n".join(line for _, line in self.lines)


class NetworkTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.clear_audit()
        for path in AUDIT.glob("*.jsonl.1"):
            path.unlink()

    def there(self, name):
        return (self.workspace / name).exists()

    def state(self):
        try:
            return (self.workspace / "state").read_text().strip()
        except FileNotFoundError:
            return ""

    def running(self, script, *options):
        """Starts a box that runs `script` in Bash, and reads its streams in the background."""
        process = self.start("run", *options, "--", "bash", "-c", script)
        self.out, self.err = Reader(process.stdout), Reader(process.stderr)
        self.addCleanup((self.workspace / "done").touch)
        return process

    def finish(self, process):
        (self.workspace / "done").touch()
        self.assertEqual(process.wait(PATIENCE), 0, self.err.text())

    def control_socket(self):
        return next(SESSIONS.glob("*/run/control"))

    def ask_firewall(self, message):
        """Sends raw bytes to the control socket. Returns the firewall's answer, None if it only hangs up."""
        directory = os.open(self.control_socket().parent, os.O_PATH)
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(PATIENCE)
                sock.connect(f"/proc/self/fd/{directory}/control")
                try:
                    sock.sendall(message)
                    sock.shutdown(socket.SHUT_WR)
                    answer = b""
                    while part := sock.recv(4096):
                        answer += part
                except (BrokenPipeError, ConnectionResetError):
                    return None
        finally:
            os.close(directory)
        return json.loads(answer) if answer else None


class LiveControl(NetworkTest):
    def test_a_grant_opens_a_host_and_its_end_closes_it_again(self):
        internet = Internet()
        process = self.running(ASK)
        wait_until(lambda: self.state() == "closed", "the host is closed at first")
        self.assertEqual(internet.http(), [])
        result = self.agentbox("allow", "evil.example", "--for", "15s")
        self.assertCode(result, 0)
        self.assertIn("evil.example:443 is allowed for 15 seconds", result.err)
        self.assertEqual(result.out, "")
        wait_until(lambda: self.state() == "open", "the host is open")
        self.assertEqual(internet.http()[0]["host"], "evil.example")
        wait_until(lambda: self.state() == "closed", "the grant has ended")
        self.finish(process)
        changes = [(record["verdict"], record["reason"]) for record in self.audit() if record["kind"] == "control"]
        self.assertEqual(changes, [("allow", "granted"), ("deny", "expired")])

    def test_the_end_of_a_grant_cuts_an_open_connection(self):
        process = self.running(HOLD)
        wait_until(lambda: self.err.time_of("denied: evil.example"), "the box asks for the host")
        self.assertCode(self.agentbox("allow", "evil.example:7000", "--for", "15s"), 0)
        wait_until(lambda: self.there("connected"), "the connection is open")
        self.assertFalse(self.there("cut"))
        wait_until(lambda: self.there("cut"), "the connection is cut")
        self.finish(process)
        record = next(record for record in self.audit() if record["kind"] == "connect" and record["port"] == 7000)
        self.assertEqual((record["verdict"], record["reason"]), ("allow", "revoked"))
        self.assertGreater(record["bytes_up"], 0)

    def test_deny_closes_a_listed_host_and_allow_takes_it_back(self):
        process = self.running(ASK, "--allow", "evil.example")
        wait_until(lambda: self.state() == "open", "the host is open at first")
        self.assertCode(self.agentbox("deny", "evil.example"), 0)
        wait_until(lambda: self.state() == "closed", "the host is closed")
        result = self.agentbox("allow", "evil.example")
        self.assertIn("allowed again", result.err)
        wait_until(lambda: self.state() == "open", "the host is open again")
        self.finish(process)

    def test_deny_cuts_an_open_connection(self):
        process = self.running(HOLD, "--allow", "evil.example:7000")
        wait_until(lambda: self.there("connected"), "the connection is open")
        self.assertFalse(self.there("cut"))
        self.assertCode(self.agentbox("deny", "evil.example:7000"), 0)
        wait_until(lambda: self.there("cut"), "the connection is cut")
        self.finish(process)

    def test_a_grant_cannot_exceed_the_rules(self):
        self.user_config('[network]\nblock_hosts = ["evil.example"]\n')
        process = self.running(ASK)
        wait_until(lambda: self.state() == "closed", "the box runs")
        refused = self.agentbox("allow", "evil.example")
        self.assertCode(refused, 126)
        self.assertIn("blocked by", refused.err)
        for host in ("*", "*.com", "*.co.uk", "192.0.2.1", "http://evil.example/", ""):
            self.assertCode(self.agentbox("allow", host), 2)
        for host in ("*", "*.com", "192.0.2.1", "[::1]:80", "evil.example", "localhost"):
            answer = self.ask_firewall(json.dumps({"verb": "allow", "host": host, "seconds": 60}).encode() + b"\n")
            self.assertFalse(answer["ok"], host)
        self.assertCode(self.agentbox("allow", "lan.example"), 0)  # its address is private, and is still refused
        self.assertCode(self.agentbox("allow", "allowed.example"), 0)
        self.finish(process)

    def test_garbage_on_the_socket_harms_nobody(self):
        process = self.running(ASK)
        wait_until(lambda: self.state() == "closed", "the box runs")
        socket_file = self.control_socket()
        self.assertEqual(socket_file.stat().st_mode & 0o777, 0o600)
        for message in (b"", b"\n", b"garbage\n", b"\0" * 100, b"x" * 1_000_000, b"[" * 4000 + b"\n", b'{"verb":"allow"',
                        b'{"verb":"flush","host":"a.example","seconds":1}\n'):
            answer = self.ask_firewall(message)
            self.assertFalse(answer and answer["ok"], message[:40])
        self.assertCode(self.agentbox("allow", "evil.example"), 0)
        wait_until(lambda: self.state() == "open", "the firewall still works")
        self.finish(process)

    def test_the_box_sees_neither_socket_nor_log(self):
        """The network namespace is shared, so the socket's name can be read; its file is not in the box."""
        result = self.in_box("grep -o '/run/agentbox/control' /proc/net/unix | sort -u; "
                             "find / -xdev \\( -type s -o -name '*.jsonl' \\) 2>/dev/null; ls -d /run/agentbox /var/log/agentbox; "
                             "curl --silent --unix-socket /run/agentbox/control http://x/; echo $?")
        self.assertEqual(result.out, "/run/agentbox/control\n/run/agentbox\n7\n", str(result))

    def test_an_answer_takes_milliseconds(self):
        process = self.running(ASK)
        wait_until(lambda: self.state() == "closed", "the box runs")
        times = []
        for number in range(101):
            begin = time.perf_counter()
            answer = self.ask_firewall(json.dumps({"verb": "allow", "host": f"n{number}.example", "seconds": 60}).encode() + b"\n")
            times.append(time.perf_counter() - begin)
            self.assertTrue(answer["ok"], answer)
        print(f"        control: median {statistics.median(times) * 1000:.2f} ms, worst {max(times) * 1000:.2f} ms", flush=True)
        self.assertLess(sorted(times)[25], 0.5, "it waits for one of the firewall's timers")  # a busy machine delays many
        self.finish(process)

    def test_a_box_without_firewall_and_no_box_are_reported(self):
        none = self.agentbox("allow", "a.example")
        self.assertCode(none, 2)
        self.assertIn("no box is running", none.err)
        process = self.running("touch running; while ! test -e done; do sleep 0.1; done", "--full-network")
        wait_until(lambda: self.there("running"), "the box runs")
        self.assertIn("--full-network", self.agentbox("allow", "a.example").err)
        self.finish(process)


class Notices(NetworkTest):
    def test_without_a_terminal_a_line_comes_while_the_box_runs(self):
        process = self.running("date +%s.%N; getent hosts nope.example; while ! test -e done; do sleep 0.1; done")
        wait_until(lambda: self.err.time_of("denied: "), "the line")
        said = self.err.time_of("denied: nope.example (not on the list of hosts) - allow it with: "
                                "agentbox allow nope.example --for 10m")
        self.assertIsNotNone(said, self.err.text())
        asked = float(self.out.lines[0][1])
        print(f"        a line on stderr {1000 * (said - asked):.0f} ms after the question", flush=True)
        self.assertCode(self.agentbox("allow", "nope.example", "--for", "10m"), 0)  # as proposed
        self.finish(process)

    def test_an_address_is_reported_as_well(self):
        process = self.running("(exec 3<>/dev/tcp/192.0.2.99/80); while ! test -e done; do sleep 0.1; done")
        wait_until(lambda: self.err.time_of("denied: 192.0.2.99:80 (tcp)"), "the line")
        self.finish(process)

    def test_on_a_terminal_the_title_shows_it_and_is_restored(self):
        terminal = self.terminal("run", "--", "bash", "-c", "echo started; getent hosts nope.example; "
                                 "while ! test -e done; do sleep 0.1; done; echo ended", TERM="xterm-256color")
        terminal.read_until("started")
        terminal.read_until("\033]2;denied nope.example - agentbox allow nope.example --for 10m\a")
        self.assertNotIn("agentbox: denied", terminal.text, "the agent's screen is not ours")
        self.assertIn("\033[22;2t", terminal.text)
        (self.workspace / "done").touch()
        self.assertEqual(terminal.wait(), 0)
        after = terminal.text.split("ended", 1)[1]
        self.assertIn("\033]2;\a\033[23;2t", after)
        self.assertIn("denied: nope.example - allow with: agentbox run --allow nope.example", after)

    def test_a_terminal_where_nothing_is_blocked_keeps_its_title(self):
        terminal = self.terminal("run", "--", "echo", "fine", TERM="xterm-256color")
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn("\033]2;", terminal.text)
        self.assertNotIn("\033[22;2t", terminal.text)

    def test_follow_shows_each_decision(self):
        process = self.running("touch running; while ! test -e go; do sleep 0.1; done; getent hosts nope.example; "
                               "curl --silent --output /dev/null https://allowed.example/; while ! test -e done; do sleep 0.1; done",
                               "--allow", "allowed.example")
        wait_until(lambda: self.there("running"), "the box runs")
        follow = self.start("network", "follow")
        lines = Reader(follow.stdout)
        data = self.start("network", "follow", "--json", "--since", "1h")
        records = Reader(data.stdout)
        wait_until(lambda: records.lines, "what was recorded before")
        (self.workspace / "go").touch()
        wait_until(lambda: lines.time_of("allowed.example:443") and lines.time_of("nope.example"), "both decisions")
        wait_until(lambda: records.time_of("allowed.example"), "both decisions as JSON")
        for _, line in records.lines:
            json.loads(line)
        self.assertIn("allow it with: agentbox allow nope.example --for 10m --box", lines.text())
        self.finish(process)
        for one in (follow, data):
            one.terminate()


class History(NetworkTest):
    def recorded(self):
        """Runs a box that reaches one host and fails to reach two others; returns its name."""
        self.in_box("curl --silent --output /dev/null https://allowed.example/; getent hosts nope.example; "
                    "getent hosts nope.example; getent hosts pypi.example", "--allow", "allowed.example", "--name", "history")

    def test_log_denied_and_totals(self):
        self.recorded()
        log = self.agentbox("network", "log", "--box", "history")
        self.assertCode(log, 0)
        self.assertRegex(log.out, r"allow +allowed\.example:443 +\S+ k?B +\S+ k?B +\S+ m?s +by allowed\.example")
        self.assertRegex(log.out, r"deny +nope\.example +not on the list of hosts")
        self.assertRegex(log.out, r"(?m)^HOST +ALLOWED +DENIED +UP +DOWN +FIRST +LAST$")
        self.assertRegex(log.out, r"(?m)^allowed\.example +1 +0 ")
        self.assertNotIn("\033", log.out)
        records = [json.loads(line) for line in self.agentbox("network", "log", "--json").out.splitlines()]
        connection = next(record for record in records if record["kind"] == "connect")
        self.assertEqual((connection["name"], connection["port"], connection["verdict"]), ("allowed.example", 443, "allow"))
        self.assertGreater(connection["bytes_up"], 0)
        self.assertGreater(connection["bytes_down"], 0)
        denied = [json.loads(line) for line in self.agentbox("network", "denied", "--json").out.splitlines()]
        self.assertEqual({one["what"] for one in denied}, {"nope.example", "pypi.example"})
        self.assertEqual(denied[0]["allow"], denied[0]["what"])
        self.assertEqual(self.agentbox("network", "log", "--since", "2999-01-01").out, "")
        self.assertCode(self.agentbox("network", "log", "--since", "yesterday"), 2)
        self.assertIn("history", self.agentbox("network", "log", "--box", "histori").err)

    def test_backtest(self):
        self.recorded()
        candidate = self.workspace / "new.toml"
        candidate.write_text('[network]\nallow_hosts = ["allowed.example", "pypi.example"]\n')
        fine = self.agentbox("network", "backtest", "new.toml", "--box", "history")
        self.assertCode(fine, 0)
        self.assertRegex(fine.out, r"passes-now +\d+ x +pypi\.example")
        candidate.write_text('[network]\nallow_hosts = ["pypi.example"]\n')
        broken = self.agentbox("network", "backtest", "new.toml", "--box", "history")
        self.assertCode(broken, 1)
        self.assertRegex(broken.out, r"breaks +1 x +allowed\.example:443")
        candidate.write_text("[network\n")
        self.assertCode(self.agentbox("network", "backtest", "new.toml", "--box", "history"), 2)

    def test_a_suggestion_works_when_it_is_adopted(self):
        before = self.in_box("curl --silent --output /dev/null https://evil.example/")
        self.assertNotEqual(before.code, 0)
        self.in_box("getent hosts ab.chatgpt.com")
        suggested = self.agentbox("policy", "suggest")
        self.assertCode(suggested, 0)
        self.assertIn('"evil.example"', suggested.out)
        self.assertRegex(suggested.out, r"# +ab\.chatgpt\.com .*metrics")
        self.user_config(suggested.out)
        self.assertCode(self.in_box("curl --silent --output /dev/null https://evil.example/"), 0)
        self.assertNotIn("allow_hosts", self.agentbox("policy", "suggest").out)


class Save(NetworkTest):
    CONFIG = '# ours\n[limits]\npids = 100 # few\n'

    def test_save_for_the_user_does_not_change_the_file(self):
        from box import CONFIG
        self.user_config(self.CONFIG)
        result = self.agentbox("allow", "evil.example", "--save", "user")
        self.assertCode(result, 0)
        self.assertEqual(CONFIG.read_text(), self.CONFIG)
        saved = CONFIG.parent / "saved-hosts.txt"
        self.addCleanup(saved.unlink)
        self.assertEqual(saved.read_text(), "allow evil.example\n")
        self.assertCode(self.in_box("curl --silent --output /dev/null https://evil.example/"), 0)

    def test_save_for_the_project_trusts_that_line_and_nothing_else(self):
        saved = self.agentbox("allow", "evil.example", "--save", "project")
        self.assertCode(saved, 0)
        self.assertIn("The new file is trusted", saved.err)
        self.assertCode(self.in_box("curl --silent --output /dev/null https://evil.example/"), 0)
        file = self.workspace / ".agentbox" / "saved-hosts.txt"
        file.write_text(file.read_text() + "allow allowed.example\n")  # another process adds one
        self.assertCode(self.in_box("true"), 126)
        more = self.agentbox("allow", "platform.example", "--save", "project")
        self.assertCode(more, 0)
        self.assertIn("other changes that are not trusted", more.err)
        self.assertCode(self.in_box("true"), 126)

    def test_a_file_with_mistakes_is_not_changed_and_neither_is_the_box(self):
        self.project_config("[network\n")
        result = self.agentbox("allow", "evil.example", "--save", "project")
        self.assertCode(result, 2)
        self.assertIn("not saved", result.err)
        self.assertEqual((self.workspace / ".agentbox" / "config.toml").read_text(), "[network\n")
