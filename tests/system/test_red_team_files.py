# SPDX-License-Identifier: Apache-2.0
"""Attacks on the project's files, in tables: many cases of a kind in one box, or refused before a box starts."""
import json
import os
import shutil
import socket
import subprocess

from box import SystemTest

SECRET = "s3cret-value"


class RedTeamFiles(SystemTest):
    def git(self, *words, cwd="."):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=self.workspace / cwd, check=True,
                       capture_output=True)

    def found(self):
        return {one["path"]: one for one in json.loads(self.agentbox("review", "--json").out)["findings"]}

    def test_secrets_of_every_spelling_and_path_are_empty(self):
        token = f"//registry.npmjs.org/:_authToken={SECRET}\n"
        secrets = {
            ".env": SECRET, ".ENV": SECRET, ".Env.Local": SECRET, ".env-prod": SECRET, ".env_backup": SECRET, ".env~": SECRET,
            ".env.production.bak": SECRET, "a b/.env": SECRET, "new\nline/.env": SECRET, "q\"uote/.env": SECRET, "ü/.env": SECRET,
            "target/debug/.env": SECRET, "node_modules/x/.npmrc": token, "web/.NPMRC": token, "web/.netrc": f"machine x password {SECRET}\n",
            "web/.yarnrc.yml": f"npmAuthToken: {SECRET}\n", "web/.pypirc": f"[pypi]\npassword = {SECRET}\n",
            "web/.git-credentials": f"https://u:{SECRET}@x\n", "keys/id_ed25519": SECRET, "/".join(["deep"] * 80) + "/.env": SECRET,
            "real/values": SECRET,
        }
        for name, text in secrets.items():
            self.put(name, text)
        (self.workspace / "linked").mkdir()
        (self.workspace / "linked/.env").symlink_to("../real/values")
        self.put("web/.env.example", "example\n")
        done = self.in_box(f"grep -rl {SECRET} . ; cat linked/.env web/.env.example; for f in .env web/.netrc 'a b/.env'; do echo x 2>/dev/null >>\"$f\" && echo written; done")
        self.assertEqual(done.out, "example\n", str(done))

    def test_what_is_protected_below_the_top_withstands_every_way_of_writing(self):
        self.git("init", "--quiet", "sub")
        for name in (".vscode/tasks.json", ".envrc", ".husky/pre-commit", ".claude/settings.json", ".mise.toml", ".idea/workspace.xml"):
            self.put("apps/web/" + name)
        self.put("shared/envrc")
        (self.workspace / "lib").mkdir()
        (self.workspace / "lib/.envrc").symlink_to("../shared/envrc")
        attempts = ["echo x >>apps/web/.envrc", "echo x >new && mv -f new apps/web/.envrc", "rm -f apps/web/.envrc", "truncate -s 0 apps/web/.mise.toml",
                    "chmod 777 apps/web/.envrc", "ln -sf /dev/null apps/web/.envrc", "cp new apps/web/.vscode/tasks.json",
                    "mv apps/web/.vscode apps/web/v", "rm -rf apps/web/.husky", "mkdir apps/web/.vscode/more", "ln apps/web/.envrc apps/web/second",
                    "mv apps/web/.claude apps/web/c", "echo x >>sub/.git/config", "echo x >sub/.git/hooks/pre-commit", "mv sub/.git sub/g",
                    "git -C sub config core.fsmonitor ./x", "echo x >>lib/.envrc", "echo x >>shared/envrc", "touch apps/web/.idea/new",
                    "perl -e 'open(F, q(+<), q(apps/web/.envrc)) or exit 1; print F q(x)'"]
        script = "echo x >new\n" + "".join(f"({attempt}) 2>/dev/null && echo {number}\n" for number, attempt in enumerate(attempts))
        done = self.in_box(script + "echo free >>apps/web/main.js && echo end")
        worked = [attempts[int(line)] for line in done.out.splitlines() if line != "end"]
        self.assertEqual((worked, done.out.splitlines()[-1:]), ([], ["end"]), str(done))

    def test_a_name_in_an_error_message_does_not_reach_the_terminal(self):
        self.git("init", "--quiet", ".")
        done = self.in_box("m=.git/modules/$(printf 'a\\033]0;TITLE\\007'); mkdir -p \"$m\" && echo x >\"$m/HEAD\" && chmod 555 \"$m\"")
        self.assertCode(done, 0)
        [module] = (self.workspace / ".git/modules").iterdir()
        self.addCleanup(module.chmod, 0o755)
        refused = self.in_box("true")
        self.assertCode(refused, 126)
        self.assertIn("a\\x1b]0;TITLE\\x07", refused.err)
        self.assertNotIn("\x1b", refused.err)

    def test_a_name_that_is_not_utf8_is_refused_by_name(self):
        for name in (b"d\xff/.env", b"d\xff/.vscode/tasks.json"):
            with self.subTest(name=name):
                path = os.path.join(os.fsencode(self.workspace), name)
                os.makedirs(os.path.dirname(path))
                with open(path, "w") as file:
                    file.write("secret")
                refused = self.in_box("true")
                self.assertCode(refused, 126)
                self.assertIn("d\\xff", refused.err)
                self.assertIn("hint:", refused.err)
                shutil.rmtree(os.path.join(os.fsencode(self.workspace), b"d\xff"))

    def test_hard_links_are_refused(self):
        self.git("init", "--quiet", ".")
        self.git("init", "--quiet", "sub")
        files = [".vscode/tasks.json", ".git/config", "apps/.envrc", "apps/.husky/pre-commit", "sub/.git/config", "sub/.git/hooks/post-checkout",
                 ".env", "apps/.env.local", "apps/.claude/settings.json"]
        for name in files:
            if not (self.workspace / name).exists():
                self.put(name)
        self.assertCode(self.agentbox("run", "--dry-run", "--", "true"), 0)
        for name in files:
            with self.subTest(name=name):
                os.link(self.workspace / name, self.workspace / "second")
                refused = self.agentbox("run", "--dry-run", "--", "true")
                self.assertCode(refused, 126)
                self.assertIn("hard-linked", refused.err)
                (self.workspace / "second").unlink()

    def test_sockets_and_fifos_of_every_name_are_hidden(self):
        here = os.getcwd()
        names = ["app.sock", ".hidden.sock", "a b.sock", "run/deep/er/x", ".git/x.ipc", "node_modules/x/y.sock", "new\nline"]
        os.chdir(self.workspace)
        for name in names:
            (self.workspace / name).parent.mkdir(parents=True, exist_ok=True)
            listener = socket.socket(socket.AF_UNIX)
            self.addCleanup(listener.close)
            listener.bind(name)
            listener.listen()
        os.chdir(here)
        os.mkfifo(self.workspace / "run/fifo")
        (self.workspace / "link.sock").symlink_to("run/deep/er/x")
        connect = "for my $f (@ARGV) { socket(S, PF_UNIX, SOCK_STREAM, 0); print qq($f reached\\n) if connect(S, sockaddr_un($f)) }"
        quoted = " ".join("'" + name + "'" for name in [*names, "link.sock"])
        self.assertEqual(self.in_box(f"perl -MSocket -e '{connect}' {quoted}; test -p run/fifo && echo fifo; echo end").out, "end\n")

    def test_what_hides_changes_is_found_at_every_path(self):
        self.git("init", "--quiet", ".")
        self.put("one")
        self.put("two")
        self.git("add", ".")
        self.git("commit", "--quiet", "--message=one")
        self.git("worktree", "add", "--quiet", "tree")
        (self.workspace / ".git/worktrees/tree/gitdir").write_text("../../../tree/.git\n")  # a worktree that the box uses
        self.git("clone", "--quiet", ".", "nested")
        done = self.in_box("""git update-index --split-index && git update-index --assume-unchanged one
            (cd nested && git update-index --skip-worktree one && echo x >.git/info/exclude; git rev-parse HEAD >.git/shallow)
            echo "$(git rev-parse HEAD) refs/replace/$(git rev-parse HEAD)" >>.git/packed-refs; git rev-parse HEAD >.git/shallow
            (cd tree && git --git-dir=/workspace/.git/worktrees/tree --work-tree=. update-index --assume-unchanged two)
            echo '*.sh -diff' >tree/.gitattributes; echo end""")
        self.assertIn("end\n", done.out, str(done))
        hides = {path for path, one in self.found().items() if one["kind"] == "hides-changes"}
        for path in (".git/index", ".git/shallow", ".git/packed-refs", ".git/worktrees/tree/index", "nested/.git/shallow", "nested/.git/index",
                     "tree/.gitattributes"):
            self.assertIn(path, hides)

    def test_floods_hide_nothing(self):
        floods = {"findings": "mkdir .husky; cd .husky; seq 3000 | xargs touch", "files beside it": "seq 30000 | xargs touch", "directories": "seq 5000 | xargs mkdir", "deep": "for i in $(seq 300); do mkdir d; cd d; done"}
        for what, flood in floods.items():
            with self.subTest(what=what):
                done = self.in_box(f"mkdir a a/.vscode; echo x >a/.vscode/tasks.json; mkdir -p z/y; echo x >z/y/.envrc; cd a; {flood}; echo end", timeout=120)
                self.assertEqual(done.out, "end\n", str(done))
                self.assertLessEqual({"a/.vscode/tasks.json", "z/y/.envrc"}, set(self.found()))
                for path in self.workspace.iterdir():
                    shutil.rmtree(path)
