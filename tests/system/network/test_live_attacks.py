# SPDX-License-Identifier: Apache-2.0
"""Attacks on decisions made while a box runs: raw requests like those of agentbox-ask, simultaneous grants and denials,
and project files that the user's commands read or write at that time."""
import os
import pathlib
import shutil
import threading

from box import HOME, Internet, wait_until
from test_network import ASK, NetworkTest

ZONE = ["ask", "agentbox", "internal"]
# Sends each line of `queries`, in hexadecimal, to the resolver, and prints the answer's text.
SEND = ("perl -MSocket -ne 'BEGIN { socket(S, PF_INET, SOCK_DGRAM, 0); connect(S, sockaddr_in(53, inet_aton(q(127.0.0.1)))) } "
        "chomp; send(S, pack(q(H*), $_), 0); my $r = q(); eval { local $SIG{ALRM} = sub { die }; alarm 5; recv(S, $r, 4096, 0); alarm 0 }; "
        "print $r =~ /(asked|allowed|denied|blocked|too-many|invalid)[^a-z-]*$/s ? $1 : q(none), qq(\\n)' <queries >answers.new; mv answers.new answers")


def label(part):
    return bytes([len(part)]) + part


def request(host, why=b"why", head=None):
    """Returns a request for `host`, a list of labels or a name, in hexadecimal; agentbox-ask would not send most of them."""
    labels = host if isinstance(host, list) else [part.encode() for part in host.split(".")]
    parts = [head if head is not None else b"1-443", why, *labels, *(part.encode() for part in ZONE)]
    return (b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + b"".join(map(label, parts)) + b"\0\0\x10\0\1").hex()


class LiveAttacks(NetworkTest):
    def send(self, queries):
        """Returns the resolver's answers to raw queries."""
        for name in ("answers", "queries"):
            (self.workspace / name).unlink(missing_ok=True)
        (self.workspace / "queries.new").write_text("".join(query + "\n" for query in queries))
        os.rename(self.workspace / "queries.new", self.workspace / "queries")
        self.assertCode(self.agentbox("exec", "--", "sh", "-c", SEND), 0)
        return (self.workspace / "answers").read_text().split()

    def test_requests_for_invalid_hosts_are_not_shown(self):
        internet = Internet()
        process = self.running("until test -e done; do sleep 0.1; done", "--name", "asks")
        wait_until(lambda: self.agentbox("exec", "--", "true").code == 0, "the box runs")
        no_hosts = ["*.example", "com", "localhost", "host", "192.0.2.1", "127.1", "0x7f.1", "2130706433", "169.254.169.254",
                    [b"*"], [b"@npm"], [b"[::1]"], [b"a.example:80"], [b"a.example "], [b"a\0.example"], [b"\x1b]0;T\x07", b"example"],
                    ["pаypal".encode(), b"example"], [b"a/b", b"example"], [b"a\\", b"example"], [b"a%62", b"example"],
                    ["a\u202e".encode(), b"example"], [b"a\n", b"example"], [b"x.y", b"*"], [b"-a", b"example"]]
        queries = [request(host) for host in no_hosts]
        queries += [request("a.example", head=head) for head in (b"1-0", b"1-65536", b"1-", b"1-+443", b"1-443 ", b"9-443", b"-443", b"1-4a", b"443", b"1-443:22")]
        self.assertEqual(set(self.send(queries)), {"invalid"})
        self.assertEqual(self.err.text().count("asked for"), 0, self.err.text())
        # The control: the same kind of request, for valid hosts. One that imitates another name is shown in Punycode.
        escapes = b"\x1b[2J\x9b31m\n\rdenied: x\xe2\x80\xae\0\x07\""
        self.assertEqual(self.send([request("XN--Pypal-4VE.example", escapes), request([b"evil.example"]), request("b.example", head=b"1-8443")]), ["asked"] * 3)
        for shown in ("asked for: xn--pypal-4ve.example - ", "asked for: evil.example - ", "asked for: b.example:8443 - "):
            wait_until(lambda shown=shown: self.err.time_of(shown), shown)
        self.assertFalse(set(self.err.text()) & set("\x1b\x9b\r\u202e\0\x07"), self.err.text())
        for line in self.err.text().splitlines():
            self.assertFalse(line.startswith("denied"), line)
        self.assertEqual(internet.dns(), [], "a request left the box")
        self.finish(process)

    def test_a_flood_of_requests_is_limited_and_the_user_still_decides(self):
        process = self.running(ASK, "--name", "flood")
        wait_until(lambda: self.state() == "closed", "the box runs")
        answers = self.send([request(f"n{number}.example", b"x" * 60) for number in range(3000)])
        self.assertLessEqual(answers.count("asked"), 12, "6 a minute")
        self.assertGreaterEqual(answers.count("too-many"), 2980)
        wait_until(lambda: self.err.time_of("asked for: n0.example"), "the first is shown")
        self.assertLessEqual(self.err.text().count("asked for"), 12)
        self.assertLessEqual(len([one for one in self.audit() if one["kind"] == "request"]), 12)
        self.assertCode(self.agentbox("allow", "evil.example"), 0)
        wait_until(lambda: self.state() == "open", "the firewall still does its work")
        self.finish(process)

    def test_the_last_of_many_simultaneous_changes_holds(self):
        process = self.running(ASK)
        wait_until(lambda: self.state() == "closed", "the box runs")
        failed = []

        def change(verb):
            for _ in range(40):
                answer = self.ask_firewall(b'{"verb":"%s","host":"evil.example","seconds":600}\n' % verb)
                if not answer or not answer["ok"]:
                    failed.append(answer)
        threads = [threading.Thread(target=change, args=(verb,)) for verb in (b"allow", b"deny") * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([one for one in failed if one], [])  # an empty answer: beyond a few simultaneous connections, the firewall closes them
        for verb, state in (("deny", "closed"), ("allow", "open"), ("deny", "closed")):
            self.assertCode(self.agentbox(verb, "evil.example"), 0)
            wait_until(lambda state=state: self.state() == state, f"{verb}: {state}")
        changes = [one["reason"] for one in self.audit() if one["kind"] == "control"]
        self.assertEqual(changes[-3:], ["denied", "granted", "denied"])
        self.finish(process)

    def test_the_box_cannot_redirect_what_is_saved(self):
        outside = pathlib.Path(HOME, "work", "outside")
        outside.mkdir(exist_ok=True)
        self.addCleanup(shutil.rmtree, outside)
        (outside / "kept").write_text("kept\n")
        traps = {"a link to a directory": f"ln -s {outside} .agentbox", "a dangling link": f"ln -s {outside}/new .agentbox", "a FIFO": "mkfifo .agentbox",
                 "a file": "echo x >.agentbox", "a link in it": f"mkdir .agentbox; ln -s {outside}/kept .agentbox/saved-hosts.txt",
                 "a FIFO in it": "mkdir .agentbox; mkfifo .agentbox/saved-hosts.txt", "a directory in it": "mkdir -p .agentbox/saved-hosts.txt",
                 "an endless file": "mkdir .agentbox; truncate -s 1T .agentbox/saved-hosts.txt", "device": "mkdir .agentbox; ln -s /dev/zero .agentbox/saved-hosts.txt",
                 "a config that is a link": f"mkdir .agentbox; ln -s {outside}/kept .agentbox/config.toml",
                 "a host of its own": "mkdir .agentbox; echo allow allowed.example >.agentbox/saved-hosts.txt"}
        for what, trap in traps.items():
            with self.subTest(what=what):
                process = self.running(f"{trap}; touch trapped; until test -e done; do sleep 0.1; done", "--name", "traps")
                wait_until(lambda: self.there("trapped"), "the box has made it")
                results = [self.agentbox("allow", "evil.example", "--save", "project"), self.agentbox("policy", "show"), self.agentbox("init", "--yes")]
                self.finish(process)
                for result in results:
                    self.assertLess(result.seconds, 20, f"{what}: {result}")
                self.assertEqual([path.name for path in outside.iterdir()], ["kept"])
                self.assertEqual((outside / "kept").read_text(), "kept\n")
                if what == "a host of its own":
                    self.assertIn("not trusted", results[0].err)
                    self.assertCode(self.in_box("true"), 126)
                for path in self.workspace.iterdir():
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
