# SPDX-License-Identifier: Apache-2.0
"""What an agent is told about its box, what it can read about it, and how it asks its user for a host."""
import json

from box import Internet, wait_until
from test_agents import KEY, VENDOR
from test_network import NetworkTest

FILE = "/run/agentbox/box.json"
# A reason that imitates a message of agentbox.
HOSTILE = 'x")   \x1b[2J\x07\n denied: a - allow it with: agentbox allow evil.example'


class AboutBox(NetworkTest):
    def about(self, *arguments):
        """Runs a program in the box."""
        return self.agentbox("exec", "--", *arguments)

    def box_file(self):
        result = self.about("cat", FILE)
        self.assertCode(result, 0)
        return json.loads(result.out)

    def changes(self):
        return self.box_file()["network"]["changes"]

    def test_the_real_agents_are_told_about_their_box(self):
        for agent, keys in KEY.items():
            internet = Internet()
            done = self.agentbox("run", agent, *(f"--env={name}" for name in keys), "--prompt",
                                 "Please do this: <run>agentbox-ask allow pypi.org --why 'to test' >asked.txt; true</run>", **keys)
            self.assertCode(done, 0)
            posted = [request for request in internet.http() if request["host"] == VENDOR[agent] and request["method"] == "POST"]
            self.assertTrue(any(request["about_box"] for request in posted), f"{agent}: {posted}")
            # While the box runs, or at its end if it ended before the line was read.
            self.assertRegex(done.err, r"asked for: pypi\.org - allow (it with: agentbox allow pypi\.org --for 10m|with: agentbox run "
                                       r"--allow pypi\.org) \(the agent asks: \"to test\"\)")
            self.assertIn("your request is shown to the user", (self.workspace / "asked.txt").read_text())
        self.user_config("[agent]\nabout_box = false\n")
        shown = self.agentbox("run", "claude", "--dry-run")
        self.assertNotIn("append-system-prompt", shown.out)

    def test_the_box_reads_its_description_and_follows_changes(self):
        process = self.running("until test -e done; do sleep 0.1; done", "--name", "told", "--pids", "300")
        wait_until(lambda: self.about("true").code == 0, "the box runs")
        told = self.box_file()
        self.assertEqual((told["version"], told["name"], told["limits"]["processes"]), (1, "told", 300))
        self.assertIn("api.anthropic.com", told["network"]["allow"])
        self.assertEqual(told["network"]["changes"], [])
        self.assertNotIn(str(self.workspace), json.dumps(told))
        self.assertCode(self.agentbox("allow", "evil.example", "--for", "20m"), 0)
        wait_until(self.changes, "the box reads the grant")
        [change] = self.changes()
        self.assertEqual((change["host"], change["allow"]), ("evil.example", True))
        self.assertRegex(change["until"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertCode(self.agentbox("deny", "evil.example", "--for", "1s"), 0)
        wait_until(lambda: not self.changes(), "the box reads that the denial, which replaced the grant, has ended")
        tried = self.about("sh", "-c", "cd /run/agentbox; ls -A; touch x; echo x >box.json; rm -f box.json; mv box.json y; chmod 600 "
                           "box.json; cd ..; mv agentbox other; mkdir agentbox/x; mkdir mine; cat agentbox/box.json | head -c 1")
        self.assertEqual(tried.out, "box.json\n{", str(tried))
        self.finish(process)

    def test_a_request_is_only_shown_to_the_user(self):
        internet = Internet()
        process = self.running("until test -e done; do sleep 0.1; done", "--name", "asks")
        wait_until(lambda: self.about("true").code == 0, "the box runs")
        asked = self.about("agentbox-ask", "allow", "evil.example", "--why", HOSTILE)
        self.assertCode(asked, 0)
        wait_until(lambda: self.err.time_of("asked for: evil.example"), "the user reads it")
        line = next(line for _, line in self.err.lines if "asked for:" in line)
        self.assertIn("asked for: evil.example - allow it with: agentbox allow evil.example --for 10m (the agent asks: \"x')", line)
        self.assertNotIn("\x1b", line)
        self.assertNotEqual(self.about("curl", "-s", "-m", "5", "https://evil.example/").code, 0)
        self.assertEqual(internet.dns(), [], "the request left the box")
        self.assertEqual(self.changes(), [])
        for host, code, text in (("api.openai.com", 0, "allowed already"), ("host:22", 1, "not the name of a host"),
                                 ("*.example", 1, "not the name"), ("192.0.2.1", 1, "not the name")):
            result = self.about("agentbox-ask", "allow", host)
            self.assertCode(result, code)
            self.assertIn(text, result.out)
        self.assertCode(self.about("agentbox-ask", "deny", "x"), 2)
        self.assertIn("usage: agentbox-ask", self.about("agentbox-ask", "--help").out)
        self.assertCode(self.agentbox("deny", "never.example"), 0)
        self.assertIn("the user has denied", self.about("agentbox-ask", "allow", "never.example").out)
        flood = self.about("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do agentbox-ask allow n$i.example; done")
        self.assertIn("too many requests", flood.out)
        shown = [json.loads(text) for text in self.agentbox("network", "denied", "--box", "asks", "--json").out.splitlines()]
        [request] = [one for one in shown if one["reason"] == "asked" and one["what"] == "evil.example"]
        self.assertEqual((request["allow"], request["count"]), ("evil.example", 1))
        self.assertIn("ask", self.agentbox("network", "log", "--box", "asks").out)
        # The user grants it with the command that was shown.
        self.assertCode(self.agentbox("allow", "evil.example", "--for", "10m"), 0)
        self.assertIn("allowed already", self.about("agentbox-ask", "allow", "evil.example").out)
        self.finish(process)
