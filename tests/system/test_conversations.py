# SPDX-License-Identifier: Apache-2.0
"""Conversations that outlive their box, with the real agents against stand-ins for their vendors."""
import json
import os
import shutil
import signal
import subprocess

from box import AGENTBOX, HOME, SystemTest, launcher, processes, wait_until
from screen import Screen
from test_agents import KEY, LEAVE, READY

HISTORY = HOME / ".local/state/agentbox/history"


class Conversations(SystemTest):
    def setUp(self):
        super().setUp()
        shutil.rmtree(HISTORY, ignore_errors=True)
        self.addCleanup(shutil.rmtree, HISTORY, ignore_errors=True)

    def prompt(self, agent, text, *options, **more):
        return self.agentbox("run", agent, *(f"--env={name}" for name in KEY[agent]), *options, "--prompt", text, timeout=90,
                             **KEY[agent], **more)

    def kept(self):
        result = self.agentbox("history", "list", "--json")
        self.assertCode(result, 0)
        return json.loads(result.out)

    def check_continued(self, agent):
        """The next box continues the conversation: one file, which has grown; another project's box does not have it."""
        first = self.prompt(agent, "Please do this: <run>echo one >one.txt</run>")
        self.assertCode(first, 0)
        self.assertIn("conversations with", first.err)
        [conversation] = self.kept()
        self.assertEqual(conversation["agent"], agent)
        self.assertIn("Please do this", conversation["title"])
        self.assertIn(f"agentbox {agent} --resume {conversation['id']}", first.err)
        second = self.prompt(agent, "Please do this: <run>echo two >two.txt</run>", "--continue")
        self.assertCode(second, 0)
        third = self.prompt(agent, "Please do this: <run>echo three >three.txt</run>", "--resume", conversation["id"])
        self.assertCode(third, 0)
        self.assertTrue((self.workspace / "one.txt").exists())
        [again] = self.kept()
        self.assertEqual(again["id"], conversation["id"])
        shown = self.agentbox("history", "show", conversation["id"][:8])
        for word in ("one.txt", "two.txt", "three.txt", "The stand-in is done."):
            self.assertIn(word, shown.out)
        exported = self.agentbox("history", "export", conversation["id"])
        self.assertEqual(exported.out.encode(), open(again["file"], "rb").read())
        other = HOME / "work/elsewhere"
        other.mkdir()
        self.addCleanup(shutil.rmtree, other)
        subprocess.run(["git", "init", "-q", other], check=True)
        missing = self.prompt(agent, "x", "--continue", cwd=other)
        self.assertCode(missing, 127)
        self.assertIn("no such conversation", missing.err)
        self.assertCode(self.agentbox("history", "rm", conversation["id"]), 0)
        self.assertEqual(self.kept(), [])

    def test_claude_continues_in_the_next_box(self):
        self.check_continued("claude")

    def test_codex_continues_in_the_next_box(self):
        self.check_continued("codex")

    def check_on_a_terminal(self, agent):
        """--continue on a terminal shows the conversation of the box that was killed during it."""
        keys = KEY[agent]
        command = [AGENTBOX, "run", agent, *(f"--env={name}" for name in keys)]
        first = Screen(command, self.workspace, self.environment(**keys))
        self.addCleanup(first.close)
        first.wait_for(READY[agent])
        first.type("Please do this: <run>echo one >one.txt</run>")
        first.wait_for("one.txt")
        first.wait_for("The stand-in is done.", each_poll=lambda: (self.workspace / "one.txt").exists() or first.press("Enter"))
        wait_until(self.kept, "the conversation is on the disk")
        os.kill(launcher(), signal.SIGKILL)
        # What the shell prints now may be overwritten: the agent lives a moment longer.
        wait_until(lambda: not processes(), "the box is gone with its launcher")
        second = Screen([*command, "--continue"], self.workspace, self.environment(**keys))
        self.addCleanup(second.close)
        text = second.wait_for(READY[agent])
        self.assertIn("The stand-in is done.", second.wait_for("The stand-in is done."), text)
        second.wait_for("ended with ", each_poll=lambda: READY[agent] in second.text() and second.press(*LEAVE[agent]))
        self.assertIn(f"agentbox {agent} --resume", second.text())

    def test_claude_is_killed_and_continues_on_a_terminal(self):
        self.check_on_a_terminal("claude")

    def test_two_boxes_of_one_project_keep_their_conversations(self):
        """Neither agent can see the other's processes, and neither may remove the other's records."""
        keys = KEY["claude"]
        command = [AGENTBOX, "run", "claude", *(f"--env={name}" for name in keys)]
        first = Screen(command, self.workspace, self.environment(**keys))
        self.addCleanup(first.close)
        first.wait_for(READY["claude"])
        first.type("Please do this: <run>echo one >one.txt</run>")
        first.wait_for("one.txt")
        first.wait_for("The stand-in is done.", each_poll=lambda: (self.workspace / "one.txt").exists() or first.press("Enter"))
        second = self.prompt("claude", "Please do this: <run>echo two >two.txt</run>", "--share-workspace")
        self.assertCode(second, 0)
        first.wait_for("ended with ", each_poll=lambda: READY["claude"] in first.text() and first.press(*LEAVE["claude"]))
        kept = self.kept()
        self.assertEqual(len(kept), 2)
        for one in kept:
            self.assertIn(one["id"], first.text().replace("\n", "").split("to resume a conversation: ")[-1])
            third = self.prompt("claude", "Please do this: <run>true</run>", "--resume", one["id"])
            self.assertCode(third, 0)
        self.assertEqual(sorted(one["id"] for one in self.kept()), sorted(one["id"] for one in kept))

    def check_prompts(self, agent):
        """What the user typed in one box can be recalled in the next; it is removed with the conversation."""
        keys = KEY[agent]
        command = [AGENTBOX, "run", agent, *(f"--env={name}" for name in keys)]
        prompts = lambda: "".join(path.read_text() for path in HISTORY.glob(f"*/prompts/{agent}/.{agent}/history.jsonl"))
        first = Screen(command, self.workspace, self.environment(**keys))
        self.addCleanup(first.close)
        first.wait_for(READY[agent])
        first.type("Please do this: <run>echo one >one.txt</run>")
        first.wait_for("one.txt")
        first.wait_for("The stand-in is done.", each_poll=lambda: (self.workspace / "one.txt").exists() or first.press("Enter"))
        wait_until(lambda: "one.txt" in prompts(), "the prompt is on the disk")
        first.wait_for("ended with ", each_poll=lambda: READY[agent] in first.text() and first.press(*LEAVE[agent]))
        second = Screen(command, self.workspace, self.environment(**keys))
        self.addCleanup(second.close)
        second.wait_for(READY[agent])
        second.wait_for("echo one >one.txt", each_poll=lambda: second.press("Up"))
        second.wait_for(READY[agent], each_poll=lambda: second.press("C-u"))
        second.wait_for("ended with ", each_poll=lambda: READY[agent] in second.text() and second.press(*LEAVE[agent]))
        for one in self.kept():
            self.assertCode(self.agentbox("history", "rm", one["id"]), 0)
        self.assertNotIn("one.txt", prompts())

    def test_prompts_to_claude_are_recalled_in_the_next_box(self):
        self.check_prompts("claude")

    def test_prompts_to_codex_are_recalled_in_the_next_box(self):
        self.check_prompts("codex")

    def test_a_box_cannot_do_harm_with_the_prompt_file(self):
        """It can fill the file and set its mode to 0, but not replace it; the next box starts with the file's end."""
        script = ("cd ~/.claude && ! rm history.jsonl && ! mv history.jsonl x && ! ln -sf /etc/passwd history.jsonl && "
                  "{ head -c 3000000 /dev/zero; printf '\\n{\"display\":\"last\"}\\n'; } >history.jsonl && chmod 0 history.jsonl")
        self.assertCode(self.agentbox("run", "claude", stdin=script), 0)
        [file] = HISTORY.glob("*/prompts/claude/.claude/history.jsonl")
        self.assertGreater(file.stat().st_size, 3000000)
        result = self.agentbox("run", "claude", stdin="cat ~/.claude/history.jsonl")
        self.assertCode(result, 0)
        self.assertEqual(result.out, '{"display":"last"}\n')
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.kept(), [])
        self.assertCode(self.agentbox("history", "rm", "--all"), 0)
        self.assertEqual([path.name for path in HISTORY.rglob("*")], [])

    def test_fresh_keeps_nothing_and_shows_nothing(self):
        self.assertCode(self.prompt("claude", "Please do this: <run>true</run>", "--fresh"), 0)
        self.assertEqual(self.kept(), [])
        self.user_config("[agent]\nhistory = false\n")
        self.assertCode(self.prompt("claude", "Please do this: <run>true</run>"), 0)
        self.assertEqual(self.kept(), [])
        self.assertCode(self.prompt("claude", "x", "--continue"), 2)
        self.assertFalse(HISTORY.exists())

    def test_a_dry_run_makes_nothing(self):
        result = self.agentbox("run", "claude", "--dry-run")
        self.assertCode(result, 0)
        self.assertIn(str(HISTORY), result.out)
        self.assertFalse(HISTORY.exists())

    def test_a_box_cannot_lead_the_host_out_of_its_directory(self):
        """Links, huge trees and damaged files that a box leaves in place of conversations."""
        secret = HOME / "work/secret-0.jsonl"
        secret.write_text('{"type":"user","message":{"content":"SECRET"}}\n')
        self.addCleanup(secret.unlink)
        identifier = "e01be573-61cf-4bb5-81bc-507976793f9d"
        script = (f"cd ~/.claude/projects && ln -s {secret} {identifier}.jsonl && ln -s {HOME}/work linked && "
                  f"mkfifo {identifier[:-1]}e.jsonl && printf '\\033[31m{{broken' >{identifier[:-1]}f.jsonl; chmod 777 .; "
                  f"mkdir closed && chmod 0 closed")
        process = self.agentbox("run", "claude", stdin=script)  # without a terminal: a shell
        self.assertCode(process, 0)
        unreadable = self.agentbox("history", "list")
        self.assertCode(unreadable, 125)
        self.assertIn("chmod", unreadable.err)
        [closed] = HISTORY.glob("*/claude/.claude/projects/closed")
        closed.chmod(0o700)
        listed = self.agentbox("history", "list")
        self.assertCode(listed, 0)
        self.assertNotIn("SECRET", listed.out)
        self.assertNotIn("\x1b", listed.out + listed.err)
        self.assertEqual([one["id"] for one in self.kept()], [identifier[:-1] + "f"])
        self.assertCode(self.agentbox("history", "rm", "--all"), 0)
        self.assertTrue(secret.exists())
        self.assertCode(self.prompt("claude", "Please do this: <run>true</run>"), 0)

    def test_whatever_a_box_left_is_read_in_bounds_and_removed(self):
        """Nested lines that would cost gigabytes, a tree deeper than the limit of open files, and notes."""
        identifier = "e01be573-61cf-4bb5-81bc-507976793f9d"
        script = (f"cd ~/.claude/projects && mkdir -p -- -workspace/memory && cd -- -workspace && echo follow >memory/MEMORY.md && "
                  f"head -c 48000000 /dev/zero | tr '\\0' '[' >{identifier}.jsonl && "
                  f"printf '\\n{{\"type\":\"user\",\"message\":{{\"content\":\"the good line\"}}}}\\n' >>{identifier}.jsonl && "
                  f"echo x >{identifier[:-1]}e.jsonl && chmod 0 {identifier[:-1]}e.jsonl && touch -d 2099-01-01 {identifier}.jsonl && "
                  f"mkdir {identifier} && cd {identifier} && perl -e 'for (1 .. 3000) {{ mkdir qq(d\\e]0;T\\a) and chdir qq(d\\e]0;T\\a) or die }}'")
        self.assertCode(self.agentbox("run", "claude", stdin=script), 0)
        bounded = subprocess.run(["prlimit", "--as=1000000000", AGENTBOX, "history", "show", identifier], cwd=self.workspace,
                                 capture_output=True, text=True, check=False, env=self.environment())
        self.assertEqual((bounded.returncode, bounded.stdout), (0, "user:\n  the good line\n"), bounded.stderr)
        titles = {one["id"]: one["title"] for one in self.kept()}
        self.assertEqual(titles, {identifier: "", identifier[:-1] + "e": "(cannot be read)"})
        one = self.agentbox("history", "rm", identifier)
        self.assertCode(one, 0)
        self.assertNotIn("\x1b", one.err)
        self.assertEqual([one["id"] for one in self.kept()], [identifier[:-1] + "e"])
        self.assertCode(self.agentbox("history", "rm", "--all"), 0)
        self.assertEqual([path.name for path in HISTORY.rglob("*")], [])
        self.assertCode(self.prompt("claude", "Please do this: <run>true</run>"), 0)
        self.assertEqual(len(self.kept()), 1)


class Words(SystemTest):
    def test_words_after_the_dashes_are_the_agents_when_they_are_options(self):
        shown = self.agentbox("run", "claude", "--dry-run", "--json", "--model", "opus", "--", "--verbose", "--debug")
        self.assertCode(shown, 0)
        self.assertIn('"opus"', shown.out)
        self.assertIn('"--verbose"', shown.out)
        self.assertIn("stand-in", self.agentbox("run", "claude", "--", "echo", "stand-in").out)
        version = self.agentbox("run", "claude", *(f"--env={name}" for name in KEY["claude"]), "--prompt",
                                "Please do this: <run>true</run>", "--", "--model", "claude-opus-9", **KEY["claude"])
        self.assertCode(version, 0)

    def test_a_prompt_comes_from_standard_input_or_a_file(self):
        keys = KEY["claude"]
        options = ["run", "claude", *(f"--env={name}" for name in keys)]
        done = self.agentbox(*options, "--prompt", "-", stdin="Please do this: <run>echo 1 >one.txt</run>", **keys)
        self.assertCode(done, 0)
        (self.workspace / "task.txt").write_text("Please do this: <run>echo 2 >two.txt</run>")
        self.assertCode(self.agentbox(*options, "--prompt-file", "task.txt", **keys), 0)
        self.assertTrue((self.workspace / "one.txt").exists() and (self.workspace / "two.txt").exists())

    def test_a_prompt_does_not_wait_for_an_open_pipe(self):
        keys = KEY["codex"]
        process = subprocess.Popen([AGENTBOX, "run", "codex", *(f"--env={name}" for name in keys), "--prompt",
                                    "Please do this: <run>echo 1 >one.txt</run>"], cwd=self.workspace, stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment(**keys))
        self.addCleanup(self._end, process)
        wait_until(lambda: process.poll() is not None, "the agent ends although the pipe stays open")
        self.assertEqual(process.returncode, 0)
        self.assertTrue((self.workspace / "one.txt").exists())

    def test_text_without_a_terminal_says_that_bash_reads_it(self):
        result = self.agentbox("run", "claude", stdin="echo from bash\n")
        self.assertIn("from bash", result.out)
        self.assertIn("--prompt -", result.err)
