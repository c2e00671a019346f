# SPDX-License-Identifier: Apache-2.0
"""The user's own instructions, which a box sees as copies on request."""
import json
import shutil

from box import HOME, SystemTest, sessions
from test_agents import KEY


class Instructions(SystemTest):
    def setUp(self):
        super().setUp()
        for name in (".claude", ".codex"):
            shutil.rmtree(HOME / name, ignore_errors=True)
            self.addCleanup(shutil.rmtree, HOME / name, ignore_errors=True)
        self.write(".claude/CLAUDE.md", "Say moin.\n")
        self.write(".claude/skills/greet/SKILL.md", "---\nname: greet\ndescription: greets\n---\nSay moin.\n")
        self.write(".claude/settings.json", '{"hooks": {}}')
        self.write(".claude/.credentials.json", "SECRET")
        self.write(".codex/AGENTS.md", "Say moin.\n")
        self.write(".codex/config.toml", "")

    @staticmethod
    def write(name, text):
        path = HOME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def shell(self, agent, script, *options):
        """Without a terminal, a shell runs in the agent's place."""
        return self.agentbox("run", agent, *options, stdin=script)

    def test_the_box_reads_copies_and_changes_nothing(self):
        script = ("cd ~/.claude; cat CLAUDE.md skills/greet/SKILL.md; cat .credentials.json; grep hooks settings.json; "
                  "echo evil >>CLAUDE.md; rm -f skills/greet/SKILL.md; mv skills/greet x; ls ~/.codex/AGENTS.md; touch new && echo end")
        result = self.shell("claude", script, "--instructions")
        self.assertCode(result, 0)
        self.assertEqual(result.out, "Say moin.\n---\nname: greet\ndescription: greets\n---\nSay moin.\nend\n")
        self.assertIn("copies of your own instructions for claude: 2 files", result.err)
        self.assertEqual((HOME / ".claude/CLAUDE.md").read_text(), "Say moin.\n")
        self.assertTrue((HOME / ".claude/skills/greet/SKILL.md").exists())
        self.assertEqual(self.shell("codex", "cat ~/.codex/AGENTS.md", "--instructions").out, "Say moin.\n")
        self.assertNotEqual(self.shell("claude", "cat ~/.claude/CLAUDE.md").code, 0)

    def test_each_file_is_named_and_a_dry_run_makes_nothing(self):
        shown = self.agentbox("run", "claude", "--instructions", "--dry-run")
        self.assertCode(shown, 0)
        for name in (".claude/CLAUDE.md", ".claude/skills/greet/SKILL.md"):
            self.assertIn(str(HOME / name), shown.out)
        self.assertNotIn("SECRET", shown.out)
        self.assertEqual(sessions(), [])
        self.user_config("[agent]\ninstructions = true\ndefault = 'claude'\n")
        self.assertIn(str(HOME / ".claude/CLAUDE.md"), self.agentbox("policy", "show").out)
        self.assertEqual(json.loads(self.agentbox("policy", "show", "--json").out)["mounts"], [])

    def test_links_are_left_out_and_a_project_cannot_ask(self):
        (HOME / ".claude/skills/greet/key").symlink_to(HOME / ".claude/.credentials.json")
        (HOME / ".claude/commands").symlink_to(HOME)
        result = self.shell("claude", "cat ~/.claude/skills/greet/key; ls ~/.claude/commands; true", "--instructions")
        self.assertCode(result, 0)
        self.assertNotIn("SECRET", result.out)
        self.assertIn(f'symbolic link: "{HOME}/.claude/commands"', result.err)
        self.project_config("[agent]\ninstructions = true\n")
        refused = self.shell("claude", "true")
        self.assertCode(refused, 2)
        self.assertIn("cannot show your instructions", refused.err)

    def test_the_real_agents_start_with_them_even_in_a_kept_home(self):
        for agent, keys in KEY.items():
            for options in ([], ["--home", "keep"], ["--home", "keep"]):
                done = self.agentbox("run", agent, "--instructions", *options, *(f"--env={name}" for name in keys), "--prompt",
                                     "Please do this: <run>echo one >>one.txt</run>", timeout=90, **keys)
                self.assertCode(done, 0)
        self.assertCode(self.agentbox("home", "clear"), 0)
