# SPDX-License-Identifier: Apache-2.0
"""A project's configuration broadens nothing before its user has agreed to exactly its content."""
import json
import pathlib

from box import HOME, SystemTest

BROADER = '[network]\nallow_hosts = ["allowed.example"]\n'
STORE = HOME / ".local" / "state" / "agentbox" / "trust"


class Trust(SystemTest):
    def agree(self, *words, answer="y\n"):
        terminal = self.terminal(*words)
        terminal.read_until("[y/N]")
        terminal.write(answer)
        code = terminal.wait()
        return code, terminal.text

    def test_without_a_terminal_nobody_agrees(self):
        self.project_config(BROADER)
        for words in (["policy", "trust"], ["run", "--", "true"], ["policy", "check"]):
            result = self.agentbox(*words, stdin="y\n")
            self.assertCode(result, 126)
            self.assertIn("allowed.example", result.err)
        self.assertIn("agentbox policy trust", self.in_box("true").err)

    def test_an_agreement_is_for_one_text(self):
        self.project_config(BROADER)
        code, text = self.agree("policy", "trust")
        self.assertEqual(code, 0, text)
        self.assertIn("network.allow: + allowed.example:443", text)
        self.assertIn('+ allow_hosts = ["allowed.example"]', text)
        self.assertCode(self.in_box("true"), 0)
        self.project_config(BROADER.replace('"]', '", "more.example"]'))
        self.assertCode(self.in_box("true"), 126)
        code, text = self.agree("policy", "trust", answer="n\n")
        self.assertEqual(code, 126)
        self.assertIn('- allow_hosts = ["allowed.example"]', text)
        self.assertIn('+ allow_hosts = ["allowed.example", "more.example"]', text)
        self.assertCode(self.in_box("true"), 126)
        self.project_config(BROADER)
        self.assertCode(self.in_box("true"), 0)  # what was agreed to is still agreed to

    def test_run_asks_on_a_terminal(self):
        self.project_config(BROADER)
        code, _ = self.agree("run", "--", "true", answer="n\n")
        self.assertEqual(code, 126)
        code, text = self.agree("run", "--", "echo", "it ran")
        self.assertEqual(code, 0, text)
        self.assertIn("it ran", text)
        self.assertCode(self.in_box("true"), 0)

    def test_a_file_that_changes_between_the_question_and_the_answer(self):
        """The agreement is only to the text that was shown."""
        self.project_config(BROADER)
        terminal = self.terminal("policy", "trust")
        terminal.read_until("[y/N]")
        self.project_config(BROADER.replace("allowed", "evil"))
        terminal.write("y\n")
        self.assertEqual(terminal.wait(), 0)
        result = self.in_box("true")
        self.assertCode(result, 126)
        self.assertIn("evil.example", result.err)
        self.project_config(BROADER)
        self.assertCode(self.in_box("true"), 0)

    def test_a_tightening_needs_no_agreement(self):
        self.project_config('[limits]\npids = 100\n[protect]\npaths = ["deploy"]\n')
        self.assertCode(self.in_box("true"), 0)
        self.assertCode(self.agentbox("policy", "trust"), 0)

    def test_the_box_can_neither_write_the_file_nor_the_agreement(self):
        self.project_config('[limits]\npids = 100\n')
        script = f"echo x >>.agentbox/config.toml; mv .agentbox x; mkdir -p {STORE}; ls -A {STORE.parent} 2>/dev/null; echo end"
        self.assertEqual(self.in_box(script).out, "end\n")
        self.assertEqual((self.workspace / ".agentbox" / "config.toml").read_text(), "[limits]\npids = 100\n")
        result = self.in_box("true", "--mount", f"{STORE.parent}:/mnt/state")
        self.assertCode(result, 2)

    def test_a_file_that_the_box_made_broadens_nothing(self):
        self.assertCode(self.in_box(f"mkdir .agentbox; printf '{BROADER}' >.agentbox/config.toml".replace("\n", "\\n")), 0)
        self.assertTrue((self.workspace / ".agentbox" / "config.toml").exists())
        self.assertCode(self.in_box("true"), 126)

    def test_the_store_is_private(self):
        self.project_config(BROADER)
        self.agree("policy", "trust")
        self.assertEqual(STORE.stat().st_mode & 0o777, 0o700)
        for file in STORE.iterdir():
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)

    def test_the_contract_can_be_checked_in_ci(self):
        committed = pathlib.Path(self.workspace) / "policy.json"
        committed.write_text(self.agentbox("policy", "show", "--json").out)
        same = self.agentbox("policy", "diff", "--against", committed)
        self.assertCode(same, 0)
        self.assertEqual(same.out, "")
        tighter = self.agentbox("policy", "diff", "--against", committed, "--pids", "100")
        self.assertCode(tighter, 0)
        self.assertIn("tighter", tighter.out)
        broader = self.agentbox("policy", "diff", "--against", committed, "--pids", "1000", "--allow", "a.example", "--json")
        self.assertCode(broader, 1)
        changes = {one["field"]: one["direction"] for one in json.loads(broader.out)}
        self.assertEqual(changes, {"limits.pids": "broader", "network.allow": "broader"})
        self.assertCode(self.agentbox("policy", "diff", "--against", self.workspace / "none.json"), 125)
