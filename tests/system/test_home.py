# SPDX-License-Identifier: Apache-2.0
"""The home of a project's boxes, when it is kept."""
import json
import os
import pathlib
import shutil
import subprocess
import time

from box import HOME, SystemTest
from test_agents import KEY

HOMES = HOME / ".local/state/agentbox/home"
HISTORY = HOME / ".local/state/agentbox/history"


class KeptHome(SystemTest):
    def setUp(self):
        super().setUp()
        for directory in (HOMES, HISTORY):
            self.remove(directory)
            self.addCleanup(self.remove, directory)

    @staticmethod
    def remove(directory):
        subprocess.run(["chmod", "-R", "u+rwX", directory], check=False, capture_output=True)
        shutil.rmtree(directory, ignore_errors=True)

    def listed(self):
        result = self.agentbox("home", "list", "--json")
        self.assertCode(result, 0)
        return json.loads(result.out)

    def home(self):
        [one] = self.listed()
        return pathlib.Path(one["home"])

    def test_what_a_box_leaves_is_there_in_the_next_one(self):
        script = 'ls -a ~ | sort >/tmp/names; stat -c %u:%g ~ ~/.bashrc ~/.claude; cat /tmp/names; mkdir -p ~/.local/bin; cp /bin/echo ~/.local/bin/tool'
        image = self.in_box("ls -a ~ | sort")
        first = self.in_box(script, "--home", "keep")
        self.assertCode(first, 0)
        self.assertIn("this project's home is kept in", first.err)
        self.assertEqual(first.out, "1000:1000\n" * 3 + image.out)  # what the image has
        second = self.in_box("~/.local/bin/tool lasts", "--home", "keep")
        self.assertEqual(second.out, "lasts\n", str(second))
        self.assertEqual(self.in_box("ls ~/.local/bin").out, "")
        self.assertEqual((self.home() / ".bashrc").stat().st_uid, os.getuid())
        other = HOME / "work/elsewhere"
        other.mkdir()
        self.addCleanup(shutil.rmtree, other)
        subprocess.run(["git", "init", "-q", other], check=True)
        self.assertEqual(self.in_box("ls ~/.local/bin", "--home", "keep", cwd=other).out, "")
        self.assertEqual(len(self.listed()), 2)

    def test_it_is_the_users_choice(self):
        self.user_config("[home]\nkeep = true\n")
        self.assertCode(self.in_box("touch ~/kept"), 0)
        self.assertEqual(self.in_box("ls ~/kept").out, "/home/agent/kept\n")
        for options in (["--fresh"], ["--home", "fresh"]):
            self.assertNotEqual(self.in_box("ls ~/kept", *options).code, 0)
        self.project_config("[home]\nkeep = false\n")
        self.assertNotEqual(self.in_box("ls ~/kept").code, 0)
        self.user_config("")
        self.project_config("[home]\nkeep = true\n")
        refused = self.in_box("true")
        self.assertCode(refused, 2)
        self.assertIn("a project's configuration cannot keep the box's home", refused.err)
        self.assertCode(self.in_box("true", "--home", "kepe"), 2)
        self.assertCode(self.in_box("true", "--home", "keep", "--fresh"), 2)

    def test_a_dry_run_shows_it_and_makes_nothing(self):
        result = self.agentbox("run", "--home", "keep", "--dry-run", "--", "true")
        self.assertCode(result, 0)
        self.assertIn(str(HOMES), result.out)
        self.assertFalse(HOMES.exists())

    def test_conversations_and_credentials_are_mounted_in_it(self):
        login = HOME / ".claude/.credentials.json"
        login.parent.mkdir(exist_ok=True)
        text = json.dumps({"claudeAiOauth": {"accessToken": "stand-in", "refreshToken": "stand-in",
                                             "expiresAt": int((time.time() + 3600) * 1000), "scopes": ["user:inference"]}})
        login.write_text(text)
        self.addCleanup(login.unlink)
        (HOME / "work/data").mkdir(exist_ok=True)
        self.addCleanup(shutil.rmtree, HOME / "work/data")
        script = "cat $CLAUDE_SECURESTORAGE_CONFIG_DIR/.credentials.json && echo; stat -c %u ~/.claude ~/.claude/projects ~/mnt/data; touch ~/.claude/new"
        result = self.agentbox("run", "claude", "--home", "keep", "--auth", "claude", "--mount", f"{HOME}/work/data:/home/agent/mnt/data",
                               stdin=script)
        self.assertCode(result, 0)
        read, *owners = result.out.splitlines()
        self.assertEqual(json.loads(read), json.loads(text))
        self.assertEqual(owners, ["1000"] * 3)
        self.assertTrue((self.home() / ".claude/new").exists())
        self.assertFalse((self.home() / ".claude/.credentials.json").exists())
        for key in KEY:  # the real agents start in a kept home, twice
            for _ in range(2):
                done = self.agentbox("run", key, "--home", "keep", *(f"--env={name}" for name in KEY[key]), "--prompt",
                                     "Please do this: <run>echo one >>one.txt</run>", timeout=90, **KEY[key])
                self.assertCode(done, 0)
        self.assertEqual((self.workspace / "one.txt").read_text(), "one\n" * 2 * len(KEY))
        self.assertCode(self.agentbox("home", "clear"), 0)
        self.assertEqual(len(json.loads(self.agentbox("history", "list", "--json").out)), 2 * len(KEY))

    def test_a_box_cannot_lead_the_next_start_out_of_the_home(self):
        self.assertCode(self.in_box("rm -rf ~/.claude; ln -s /workspace ~/.claude", "--home", "keep"), 0)
        refused = self.agentbox("run", "claude", "--home", "keep", stdin="true")
        self.assertCode(refused, 126)
        self.assertIn(str(self.home() / ".claude/projects"), refused.err)
        self.assertIn("agentbox home clear", refused.err)
        self.assertEqual(list(self.workspace.iterdir()), [])
        self.assertCode(self.agentbox("run", "claude", "--fresh", stdin="true"), 0)

    def test_a_home_that_is_a_link_or_of_a_newer_version_is_refused(self):
        self.assertCode(self.in_box("true", "--home", "keep"), 0)
        home = self.home()
        (home.parent / "format").write_text("2\n")
        newer = self.in_box("true", "--home", "keep")
        self.assertCode(newer, 126)
        self.assertIn(str(home.parent), newer.err)
        (home.parent / "format").write_text("1\n")
        home.rename(HOME / "work/moved")
        self.addCleanup(shutil.rmtree, HOME / "work/moved")
        home.symlink_to(HOME / "work/moved")
        linked = self.in_box("true", "--home", "keep")
        self.assertCode(linked, 126)
        self.assertIn(str(home), linked.err)

    def test_sizes_are_shown_and_a_limit_is_named(self):
        self.user_config('[home]\nlimit = "4MB"\n')
        script = "head -c 8000000 /dev/zero >~/big; mkdir -p ~/go/mod; touch ~/go/mod/x; chmod 555 ~/go/mod; echo all is written; read -r _"
        box = self.terminal("run", "--home", "keep", "--", "sh", "-c", script)
        box.read_until("all is written")
        self.assertIn("(kept home: 8", self.agentbox("ps").out)
        self.assertGreater(json.loads(self.agentbox("ps", "--json").out)[0]["home_bytes"], 8_000_000)
        used = self.agentbox("home", "clear")
        self.assertCode(used, 126)
        self.assertIn("a running box uses the home", used.err)
        box.write("\n")
        self.assertEqual(box.wait(), 0, box.text)
        self.assertIn("more than home.limit", box.text)
        large = self.in_box("true", "--home", "keep")
        self.assertCode(large, 126)
        self.assertIn("larger than home.limit", large.err)
        self.assertIn(" MB ", self.agentbox("home", "list").out)
        self.assertCode(self.agentbox("home", "clear"), 0)
        self.assertEqual(self.listed(), [])
        self.assertCode(self.in_box("test ! -e ~/big && test -e ~/.bashrc", "--home", "keep"), 0)

    def test_two_boxes_share_it_and_it_is_usable_after_kill_9(self):
        first = self.start("run", "--home", "keep", "--", "sh", "-c", "echo up; until test -e ~/stop; do sleep 0.1; done")
        self.assertEqual(first.stdout.readline(), b"up\n")
        self.assertCode(self.in_box("touch ~/stop", "--home", "keep", "--share-workspace"), 0)
        self.assertEqual(first.wait(60), 0)
        second = self.start("run", "--home", "keep", "--", "sh", "-c", "echo up; touch ~/killed; sleep 1000")
        self.assertEqual(second.stdout.readline(), b"up\n")
        second.kill()
        self.assert_gone_but_sessions()
        self.assertCode(self.in_box("test -e ~/stop", "--home", "keep"), 0)

    def assert_gone_but_sessions(self):
        from box import processes, wait_until
        wait_until(lambda: not processes(), "the box is gone with its launcher")
