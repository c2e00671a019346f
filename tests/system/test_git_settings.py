# SPDX-License-Identifier: Apache-2.0
"""Git in a box works for its user: author, ignored files, filters, unsigned commits."""
import subprocess

from box import HOME, SystemTest

SIGNING = "\tgpgSign = true\n"
SETTINGS = """[user]
	name = Everywhere
	email = every@example.com
	signingKey = secret-key
[alias]
	st = status
[core]
	pager = evil
[filter "crypt"]
	clean = openssl
	required = true
[includeIf "gitdir:~/work/"]
	path = work.inc
"""


class GitSettings(SystemTest):
    def setUp(self):
        super().setUp()
        self.write(".gitconfig", SETTINGS)
        self.write("work.inc", "[user]\n\temail = work@example.com\n")
        self.write(".config/git/ignore", "*.swp\n")
        subprocess.run(["git", "init", "--quiet", self.workspace], check=True, env={"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null"})

    def write(self, name, text):
        (HOME / name).parent.mkdir(parents=True, exist_ok=True)
        (HOME / name).write_text(text)
        self.addCleanup((HOME / name).unlink, missing_ok=True)

    def test_commits_are_the_users(self):
        with (self.workspace / ".git/config").open("a") as config:
            config.write("[commit]\n" + SIGNING)
        self.put("x.swp", "")
        self.put("file", "")
        done = self.in_box("git add -A && git commit --quiet -m one && git log --format='%an <%ae> %cn %G?' && git ls-files && "
                           "git config --list --show-origin | grep -c -e alias -e pager -e signing; echo x >>/run/agentbox/gitconfig; "
                           "git config --global user.name Box && git config user.name")
        self.assertEqual(done.out, "Everywhere <work@example.com> Everywhere N\nfile\n0\nBox\n", str(done))
        self.assertIn("not signed", done.err)

    def test_filters(self):
        self.put(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n*.key filter=crypt\n")
        self.put("large.bin", "content\n")
        self.put("my.key", "raw\n")
        done = self.in_box("git add .gitattributes large.bin && git commit --quiet -m lfs && git show HEAD:large.bin | head -n 1 && git status --short; "
                           "git add my.key; git ls-files my.key; echo end")
        self.assertEqual(done.out, "version https://git-lfs.github.com/spec/v1\n?? my.key\nend\n", str(done))
        self.assertIn('filter "crypt" is not in the box', done.err)

    def test_they_can_be_switched_off(self):
        shown = self.agentbox("policy", "show")
        self.assertIn("copies of your settings: user.email, user.name, core.excludesfile\n", shown.out)
        self.assertIn("work@example.com", self.agentbox("run", "--dry-run", "--", "true").out)
        self.project_config("[git]\nhost_settings = false\n")
        for arguments in (["policy", "show"], ["run", "--dry-run", "--", "true"], ["run", "--", "sh", "-c", "git config user.email; ls /run/agentbox"]):
            self.assertNotRegex(self.agentbox(*arguments).out, "work@example|user.email|gitconfig")
        self.project_config("[git]\nhost_settings = true\n")
        refused = self.agentbox("policy", "show")
        self.assertIn("git.host_settings", refused.err)
        self.assertCode(refused, 2)
