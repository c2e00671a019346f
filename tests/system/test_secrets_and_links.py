# SPDX-License-Identifier: Apache-2.0
"""Files of the project that must not be read, or that lead out of it: credentials, sockets of the host, hard links."""
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

from box import HOME, SystemTest


class SecretsAndLinks(SystemTest):
    def test_files_with_credentials_are_empty_at_every_depth_and_examples_are_not(self):
        hidden = [".env", ".env.production", "apps/web/.env", "apps/web/.env.local", "a/b/c/.git-credentials"]
        shown = ["apps/web/.env.example", "apps/web/main.js", "lib/.npmrc"]
        for name in hidden + shown:
            self.put(name)
        self.put("web/.npmrc", "//registry.npmjs.org/:_authToken=secret\n")
        done = self.in_box("cat " + " ".join(hidden) + " web/.npmrc; echo then; cat " + " ".join(shown) + "; mv apps moved && cat moved/web/.env")
        self.assertEqual(done.out, "then\n" + "secret\n" * len(shown))
        self.assertIn("apps/web/.env", done.err)
        self.assertEqual((self.workspace / "moved/web/.env").read_text(), "secret\n")

    def test_a_directory_that_cannot_be_searched_is_refused_unless_it_is_masked(self):
        self.put("closed/.env")
        for mode in (0, 0o300, 0o600):
            (self.workspace / "closed").chmod(mode)
            self.addCleanup((self.workspace / "closed").chmod, 0o700)
            refused = self.in_box("chmod 700 closed; cat closed/.env")
            self.assertCode(refused, 126)
            self.assertIn("chmod u+rx", refused.err)
        self.put(".agentbox/config.toml", '[mask]\npaths = ["closed"]\n')
        self.assertEqual(self.in_box("chmod 700 closed; cat closed/.env").out, "")

    def test_a_name_or_path_that_is_excepted_is_shown(self):
        self.put("apps/web/.env")
        self.put("apps/.env.test")
        self.put(".agentbox/config.toml", '[mask]\nexcept = ["apps/web/.env", ".env.test"]\n')
        self.assertEqual(self.in_box("cat apps/web/.env apps/.env.test", "--trust-project").out, "secret\n" * 2)

    def test_a_token_in_git_settings_is_not_seen_and_stays_on_the_host(self):
        subprocess.run("git init -q . && git remote add origin https://me:secret@example.com/x", shell=True, cwd=self.workspace, check=True)
        done = self.in_box("cat .git/config; git remote get-url origin; echo x >>.git/config")
        self.assertNotIn("secret", done.out)
        self.assertIn("https://example.com/x", done.out)
        self.assertIn("credentials in .git/config are hidden from the box", done.err)
        self.assertIn("secret", (self.workspace / ".git/config").read_text())
        self.assertNotIn("\nx\n", (self.workspace / ".git/config").read_text())

    def test_sockets_and_fifos_of_the_host_cannot_be_reached(self):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        os.mkdir(self.workspace / "run")
        here = os.getcwd()
        os.chdir(self.workspace)
        listener.bind("run/app.sock")
        os.chdir(here)
        listener.listen()
        listener.settimeout(0.5)
        os.mkfifo(self.workspace / "fifo")
        connect = "perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); print connect(S, sockaddr_un(shift)) ? qq(reached\\n) : qq(not reached\\n)' "
        own = "perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un(qq(own))); listen(S, 1); sleep 100' & "
        done = self.in_box(f"test -p fifo && echo fifo; {connect} run/app.sock; {own} until {connect} own | grep -x reached; do sleep 0.1; done; rm own")
        self.assertEqual(done.out, "not reached\nreached\n")
        self.assertNotIn("fifo", done.out)
        self.assertIn("run/app.sock", done.err)
        with self.assertRaises(TimeoutError):
            listener.accept()

    def test_a_mounted_directory_is_guarded_like_the_workspace(self):
        for options in ("", ":ro"):
            with self.subTest(options=options):
                other = pathlib.Path(tempfile.mkdtemp(prefix="other-", dir=HOME / "work"))
                self.addCleanup(shutil.rmtree, other, ignore_errors=True)
                subprocess.run("git init -q . && git remote add origin https://me:secret@example.com/x", shell=True, cwd=other, check=True)
                for name, text in {"web/.env": "secret\n", "web/main.js": "shown\n", "web/.vscode/tasks.json": "before\n"}.items():
                    (other / name).parent.mkdir(exist_ok=True)
                    (other / name).write_text(text)
                os.mkfifo(other / "web/fifo")
                done = self.in_box("cd /mnt/other && cat web/.env .git/config web/main.js; test -p web/fifo && echo fifo; "
                                   "echo x >>web/.vscode/tasks.json && echo written", "--mount", f"{other}:/mnt/other{options}")
                self.assertIn("shown\n", done.out, str(done))
                for seen in ("secret", "fifo", "written"):
                    self.assertNotIn(seen, done.out)
                self.assertIn("web/.env", done.err)
        os.link(other / "web/.env", other / "innocent")
        self.assertCode(self.in_box("true", "--mount", f"{other}:/mnt/other"), 126)

    def test_settings_with_a_token_are_not_stored_in_files(self):
        subprocess.run("git init -q . && git remote add origin https://me:secret@example.com/x", shell=True, cwd=self.workspace, check=True)
        refused = self.agentbox("generate", "oci", "--config-only")
        self.assertCode(refused, 126)
        self.assertIn("[mask] except", refused.err)
        subprocess.run("git remote set-url origin https://example.com/x", shell=True, cwd=self.workspace, check=True)
        self.assertCode(self.agentbox("generate", "oci", "--config-only"), 0)

    def test_a_protected_file_with_a_hard_link_is_refused(self):
        self.put(".vscode/tasks.json", "{}")
        self.assertCode(self.in_box("true"), 0)
        os.link(self.workspace / ".vscode/tasks.json", self.workspace / "innocent")
        refused = self.in_box("true")
        self.assertCode(refused, 126)
        self.assertIn("cp -p", refused.err)

    def test_objects_that_are_shared_with_another_repository_are_named_and_their_change_is_reported(self):
        env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
        outside = pathlib.Path(tempfile.mkdtemp(prefix="outside-", dir=HOME / "work"))
        self.addCleanup(shutil.rmtree, outside, ignore_errors=True)
        subprocess.run(["git", "init", "--quiet", "."], cwd=outside, env=env, check=True)
        (outside / "Makefile").write_text("all:\n")
        subprocess.run("git add . && git -c user.name=a -c user.email=a@b commit -qm a", shell=True, cwd=outside, env=env, check=True)
        self.workspace.rmdir()
        subprocess.run(["git", "clone", "--quiet", outside, self.workspace], env=env, check=True)
        done = self.in_box("f=$(find .git/objects -type f | head -1); chmod u+w $f && echo x >$f")
        self.assertIn("--no-hardlinks", done.err)
        self.assertIn("hard link outside the project", done.err)
        subprocess.run("git repack -qad && git prune-packed", shell=True, cwd=outside, env=env, check=False)

    def test_its_own_objects_are_not_named(self):
        subprocess.run("git init -q . && echo x >f && git add f", shell=True, cwd=self.workspace, check=True)
        done = self.in_box("f=$(find .git/objects -type f | head -1); chmod u+w $f && echo x >$f; ln f g; echo y >>f")
        self.assertNotIn("hard link", done.err)
        self.assertNotIn("hard link outside the project", done.err)
