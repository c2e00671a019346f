# SPDX-License-Identifier: Apache-2.0
"""Files of the project that the host would run or trust are protected; ordinary work in the project is possible."""
import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

from box import AGENTBOX, HOME, PATIENCE, SESSIONS, SystemTest, wait_until

PERSON = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "A",
          "GIT_COMMITTER_EMAIL": "a@example.com", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}


def git(*words, cwd):
    return subprocess.run(["git", *words], cwd=cwd, env={**os.environ, **PERSON}, check=True, capture_output=True, text=True).stdout


def person_in_box():
    return [f"--env={name}={value}" for name, value in PERSON.items() if not name.startswith("GIT_CONFIG")]


class Workspace(SystemTest):
    def repository(self, directory=None):
        """Makes a repository with one commit, and a bare remote next to the workspace."""
        directory = directory or self.workspace
        directory.mkdir(exist_ok=True)
        git("init", "--quiet", "--initial-branch=main", ".", cwd=directory)
        (directory / "file").write_text("one\n")
        git("add", "file", cwd=directory)
        git("commit", "--quiet", "--message=one", cwd=directory)
        remote = pathlib.Path(tempfile.mkdtemp(prefix="remote-", dir=HOME / "work"))
        self.addCleanup(shutil.rmtree, remote, ignore_errors=True)
        git("init", "--quiet", "--bare", ".", cwd=remote)
        git("remote", "add", "origin", "/remote", cwd=directory)
        return remote

    def tried(self, lines, *options, **more):
        """Runs each line as a command in one box; returns {line: whether it worked}."""
        script = "".join(f"if ( {line} ) >/dev/null 2>&1; then echo 'ok {number}'; fi\n" for number, line in enumerate(lines))
        result = self.in_box(script, *options, **more)
        self.assertCode(result, 0)
        self.said = result.err
        done = {int(line.split()[1]) for line in result.out.splitlines()}
        return {line: number in done for number, line in enumerate(lines)}

    def test_what_the_host_runs_cannot_be_written_or_moved_away(self):
        self.repository()
        for file in [".envrc", ".mcp.json", ".pre-commit-config.yaml", ".claude/settings.json", ".vscode/tasks.json", ".idea/x",
                     ".husky/pre-commit", ".agentbox/config.toml"]:
            (self.workspace / file).parent.mkdir(exist_ok=True)
            (self.workspace / file).write_text("")
        (self.workspace / "normal").mkdir()
        attacks = ["echo x >.envrc", "rm .envrc", "mv .envrc x", "ln -sf /x .envrc", "echo x >.mcp.json", "echo x >.agentbox/config.toml",
                   "touch .agentbox/new", "mv .agentbox x", "rm -r .agentbox", "touch .vscode/new", "mv .vscode x", "touch .idea/new",
                   "touch .husky/new", "echo x >.claude/settings.json", "mv .claude x", "mv .git x", "mv .git x && mkdir -p .git/hooks",
                   "touch .git/hooks/pre-commit", "mv .git/hooks x", "echo x >>.git/config", "mv .git/config x",
                   "cp .git/config .git/c && mv .git/c .git/config", "echo x >.git/commondir", "rm .git/commondir", "rm -rf .git/hooks && false",
                   "chmod 777 .git/hooks", "echo x >.pre-commit-config.yaml", "mount --bind /tmp .git/hooks"]
        controls = ["echo x >normal/file", "mv normal renamed", "touch .claude/other", "touch .git/other", "mkdir .git/directory"]
        result = self.tried(attacks + controls)
        self.assertEqual([line for line in attacks if result[line]], [])
        self.assertEqual([line for line in controls if not result[line]], [])
        self.assertFalse((self.workspace / ".git" / "commondir").exists(), "what was made for the run is gone")
        self.assertEqual(list((self.workspace / ".git" / "hooks").glob("[!.]*[!e]")), [])
        git("status", cwd=self.workspace)

    def test_paths_of_the_project_that_git_refers_to_are_protected(self):
        """core.hooksPath and include.path are the usual ways of sharing hooks and settings in a project."""
        self.repository()
        git("config", "core.hooksPath", ".githooks", cwd=self.workspace)
        git("config", "include.path", "../.gitconfig", cwd=self.workspace)
        git("config", "--add", "include.path", "../later", cwd=self.workspace)
        (self.workspace / ".githooks").mkdir()
        (self.workspace / ".githooks" / "post-checkout").write_text("#!/bin/sh\n")
        (self.workspace / ".gitconfig").write_text("[include]\n\tpath = more/settings\n")
        (self.workspace / "more").mkdir()
        (self.workspace / "more" / "settings").write_text("")
        attacks = ["echo x >.githooks/post-checkout", "touch .githooks/new", "mv .githooks x", "echo x >.gitconfig", "mv .gitconfig x",
                   "echo x >more/settings", "mv more x"]
        controls = ["echo x >more/other", "touch later", "touch githooks"]
        result = self.tried(attacks + controls)
        self.assertEqual([line for line in attacks if result[line]], [])
        self.assertEqual([line for line in controls if not result[line]], [])
        report = json.loads(self.agentbox("review", "--json").out)
        self.assertEqual([(one["kind"], one["path"]) for one in report["findings"]], [("tool-file", "later")])

    def test_programs_that_gits_settings_name_are_protected(self):
        """In filters, aliases and the like, even in a submodule; an exception leaves one writable for the agent."""
        self.repository()
        module, sub = self.workspace / ".git/modules/sub", self.workspace / "sub"
        (module / "hooks").mkdir(parents=True)
        (module / "HEAD").write_text("ref: refs/heads/main\n")
        (module / "config").write_text("[core]\n\tworktree = ../../../sub\n\thooksPath = .hk\n")
        (self.workspace / ".git/config").open("a").write(
            "[filter \"x\"]\n\tclean = python3 tools/clean.py %f\n[alias]\n\tx = !f() { ./tools/deep/x; }; f\n"
            "\tlater = !tools/later\n[core]\n\thooksPath = .githooks\n")
        for file in ["tools/clean.py", "tools/deep/x", "tools/free", ".githooks/pre-push", "sub/.hk/pre-push"]:
            (self.workspace / file).parent.mkdir(parents=True, exist_ok=True)
            (self.workspace / file).write_text("#!/bin/sh\n")
        attacks = ["echo x >tools/clean.py", "mv tools/clean.py x", "rm tools/clean.py", "mv tools x", "echo x >tools/deep/x",
                   "mv tools/deep x", "echo x >sub/.hk/pre-push", "touch sub/.hk/new", "mv sub x", "touch .git/modules/sub/hooks/x",
                   "echo x >>.git/modules/sub/config", "mv .git/modules/sub x"]
        hooks = ["echo x >.githooks/pre-push", "touch .githooks/new"]
        controls = ["echo x >tools/free", "touch tools/later", "touch sub/file"]
        result = self.tried(attacks + hooks + controls)
        self.assertEqual([line for line in attacks + hooks if result[line]], [])
        self.assertEqual([line for line in controls if not result[line]], [])
        report = json.loads(self.agentbox("review", "--json").out)
        self.assertEqual([(one["kind"], one["path"]) for one in report["findings"]], [("tool-file", "tools/later")])
        (self.workspace / "tools/later").unlink()
        self.assertIn("[protect] except", self.in_box("true").err)

        self.project_config('[protect]\nexcept = [".githooks"]\n')
        refused = self.in_box("true")
        self.assertCode(refused, 126)
        self.assertIn(".githooks", refused.err)
        result = self.tried(attacks + hooks, "--trust-project")
        self.assertEqual([line for line in attacks if result[line]], [])
        self.assertEqual([line for line in hooks if not result[line]], [])
        found = [one["path"] for one in json.loads(self.agentbox("review", "--json").out)["findings"]]
        self.assertIn(".githooks/new", found)

    def test_settings_that_are_too_long_to_be_followed_are_refused(self):
        self.repository()
        self.assertCode(self.in_box("true"), 0)
        with (self.workspace / ".git/config").open("a") as config:
            config.write("#" * (1 << 20))
        refused = self.in_box("true")
        self.assertCode(refused, 126)
        self.assertIn(".git/config has 1048746 bytes", refused.err)
        self.assertIn("git config --list", refused.err)

    def test_a_made_up_git_file_gets_nothing_mounted(self):
        secret = pathlib.Path(tempfile.mkdtemp(prefix="secret-", dir=HOME / "work"))
        self.addCleanup(shutil.rmtree, secret, ignore_errors=True)
        (self.workspace / ".git").write_text(f"gitdir: {secret}\n")
        result = self.in_box("true")
        self.assertCode(result, 0)
        self.assertIn("does not point back", result.err)
        self.assertNotIn("--mount", result.err)

    def test_git_works_and_pushes(self):
        remote = self.repository()
        script = """set -e
            echo two >file; git add file; git commit --quiet --message=two
            git push --quiet origin main
            git checkout --quiet -b feature; echo three >file; git commit --quiet --all --message=three
            git push -u origin feature
            git checkout --quiet main; git merge --quiet feature; git branch -d feature
            git fetch --quiet origin; git checkout --quiet feature; git stash list; git tag v1; git gc --quiet; git fsck
            git rebase --quiet main; git worktree add --quiet /tmp/w; git status --porcelain; echo done"""
        options = [word for name, value in PERSON.items() for word in ("--env", f"{name}={value}")]
        result = self.in_box(script, "--mount", f"{remote}:/remote", *options)
        self.assertCode(result, 0)
        self.assertTrue(result.out.endswith("done\n"), str(result))
        log = git("log", "--format=%s", "feature", cwd=remote)
        self.assertEqual(log.split(), ["three", "two", "one"])
        self.assertEqual(git("log", "--format=%s", "main", cwd=self.workspace).split(), ["three", "two", "one"])

    def test_a_writable_mount_is_guarded_as_well(self):
        remote = self.repository()
        other = pathlib.Path(tempfile.mkdtemp(prefix="other-", dir=HOME / "work"))
        self.addCleanup(shutil.rmtree, other, ignore_errors=True)
        self.repository(other)
        result = self.tried(["touch /remote/hooks/x", "echo x >>/remote/config", "touch /other/.git/hooks/x", "mv /other/.git /other/x",
                             "touch /remote/ok", "touch /other/ok"],
                            "--mount", f"{remote}:/remote", "--mount", f"{other}:/other")
        self.assertEqual([line for line, worked in result.items() if worked], ["touch /remote/ok", "touch /other/ok"])

    def test_a_mount_around_the_workspace_is_read_only_or_refused(self):
        parent = self.workspace.parent
        result = self.in_box("true", "--mount", f"{parent}:/parent")
        self.assertCode(result, 2)
        self.assertIn("overlap", result.err)
        self.assertCode(self.in_box("ls /parent >/dev/null", "--mount", f"{parent}:/parent:ro"), 0)

    def test_protected_links_are_refused_with_a_remedy(self):
        (self.workspace / "real").mkdir()
        (self.workspace / ".vscode").symlink_to("real")
        result = self.in_box("true")
        self.assertCode(result, 126)
        self.assertIn(".vscode", result.err)
        self.assertIn("except", result.err)
        self.user_config('[protect]\nexcept = [".vscode"]\n')
        self.assertCode(self.in_box("touch real/x"), 0)

    def test_secrets_are_masked(self):
        (self.workspace / ".env").write_text("KEY=secret\n")
        (self.workspace / "keys").mkdir()
        (self.workspace / "keys" / "key").write_text("secret\n")
        self.user_config('[mask]\npaths = ["keys"]\n')
        result = self.in_box("test -f .env && test ! -s .env && cat .env; ls -A keys; grep -r secret . ; echo end")
        self.assertEqual(result.out, "end\n", str(result))
        attacks = self.tried(["echo x >.env", "mv .env x", "rm .env", "mv keys x", "touch keys/x", "umount .env"])
        self.assertEqual([line for line, worked in attacks.items() if worked], [])
        self.assertEqual((self.workspace / ".env").read_text(), "KEY=secret\n")
        self.user_config('[mask]\nexcept = [".env"]\n')
        self.assertEqual(self.in_box("cat .env; cat keys/key").out, "KEY=secret\nsecret\n")

    def test_a_projects_exceptions_need_the_users_agreement(self):
        (self.workspace / ".env").write_text("KEY=secret\n")
        self.project_config('[mask]\nexcept = [".env"]\n')
        result = self.in_box("cat .env")
        self.assertCode(result, 126)
        self.assertIn(".env", result.err)
        self.assertEqual(self.in_box("cat .env", "--trust-project").out, "KEY=secret\n")

    def test_worktrees_are_not_followed_and_the_flag_is_named(self):
        self.repository()
        tree = self.workspace / "tree"
        git("worktree", "add", "--quiet", tree, cwd=self.workspace)
        result = self.agentbox("run", "--", "sh", "-c", "git status; echo x >.git; mv .git x; cat .git", cwd=tree)
        repository = self.workspace / ".git"
        self.assertIn(f"--mount {repository}:{repository}", result.err)
        self.assertEqual((tree / ".git").read_text(), f"gitdir: {repository}/worktrees/tree\n")
        mounted = self.agentbox("run", "--mount", f"{repository}:{repository}", "--", "sh", "-c",
                                f"git status --porcelain && touch ok; touch {repository}/hooks/x; echo x >>{repository}/config; "
                                f"echo x >{repository}/worktrees/tree/commondir; echo end", cwd=tree)
        self.assertEqual(mounted.out, "end\n", str(mounted))
        self.assertTrue((tree / "ok").exists(), str(mounted))
        self.assertFalse((repository / "hooks" / "x").exists())
        self.assertEqual((repository / "worktrees" / "tree" / "commondir").read_text(), "../..\n")

    def test_the_hosts_worktrees_survive_the_cleanup_of_git_in_a_box(self):
        self.repository()
        outside = pathlib.Path(tempfile.mkdtemp(prefix="trees-", dir=HOME / "work"))
        self.addCleanup(shutil.rmtree, outside, ignore_errors=True)
        trees = [outside / "a", outside / "b", self.workspace / "inside"]
        for tree in trees:
            git("worktree", "add", "--quiet", tree, cwd=self.workspace)
            (tree / "staged").write_text("x")
            git("add", "staged", cwd=tree)
        records = ".git/worktrees"
        cleaning = ["git worktree prune --verbose", "git gc --quiet --prune=now", "git -c gc.worktreePruneExpire=now gc --quiet",
                    f"rm -rf {records}/*", f"rm -rf {records}", f"mv {records} .git/x && mkdir {records}",
                    f"mv {records}/a .git/y", f"find {records} -type f -exec truncate -s 0 {{}} +",
                    f"git worktree remove --force {trees[0]}", f"ln -sf /nowhere {records}/a/gitdir"]
        result = self.tried(cleaning + ["git worktree add --quiet -b new new && cd new && git commit --quiet --allow-empty -m x"], *person_in_box())
        self.assertTrue(result.popitem()[1], "a worktree cannot be made in the box")
        self.assertIn("run: git worktree repair new\n", self.said)
        # One of them is the workspace, with the repository mounted as the notice says.
        repository = self.workspace / ".git"
        used = self.agentbox("run", "--mount", f"{repository}:{repository}", *person_in_box(), "--", "sh", "-c",
                             f"git worktree prune; git gc --quiet --prune=now; rm -rf {repository}/worktrees/a; rm -f {repository}/worktrees/b/locked; "
                             "git commit --quiet --message=staged && git status --porcelain; echo end", cwd=trees[1])
        self.assertEqual(used.out, "end\n", str(used))
        for tree in trees:
            expected = "" if tree == trees[1] else "A  staged\n"
            self.assertEqual(git("status", "--porcelain", cwd=tree), expected, str(tree))
        self.assertEqual(sorted(os.listdir(repository / "worktrees")), ["a", "b", "inside", "new"])
        self.assertFalse((repository / "worktrees/b/locked").exists())
        git("worktree", "repair", "new", cwd=self.workspace)
        git("worktree", "prune", cwd=self.workspace)
        self.assertEqual(git("status", "--porcelain", cwd=self.workspace / "new"), "")

    def test_one_box_per_workspace_unless_asked(self):
        first = self.start("run", "--", "sh", "-c", "touch running; sleep 100")
        wait_until(lambda: (self.workspace / "running").exists(), "the first box")
        refused = self.in_box("true")
        self.assertCode(refused, 126)
        self.assertIn("--share-workspace", refused.err)
        (HOME / "work" / "link").unlink(missing_ok=True)
        (HOME / "work" / "link").symlink_to(self.workspace)
        self.addCleanup((HOME / "work" / "link").unlink)
        self.assertCode(self.agentbox("run", "--", "true", cwd=HOME / "work" / "link"), 126)
        self.assertCode(self.in_box("true", "--share-workspace"), 0)
        self.assertEqual(len([path for path in SESSIONS.iterdir() if path.is_dir()]), 1)
        first.terminate()
        first.wait(PATIENCE)
        self.assertCode(self.in_box("true"), 0)

    def test_a_workspace_that_is_swapped_while_the_box_starts(self):
        """The path becomes a link to another directory, and back, again and again: the box sees the right one or none."""
        inner, other, link = self.workspace / "inner", self.workspace / "other", self.workspace / "link"
        inner.mkdir(), other.mkdir()
        (inner / "name").write_text("right")
        (other / "name").write_text("wrong")
        link.symlink_to(other)
        chosen = os.open(inner, os.O_RDONLY)  # from whatever directory it is called
        libc, stop = ctypes.CDLL(None, use_errno=True), threading.Event()

        def swap():
            while not stop.wait(0.005):
                libc.renameat2(-100, bytes(inner), -100, bytes(link), 2)  # RENAME_EXCHANGE

        self.assertEqual(self.agentbox("run", "--", "cat", "name", cwd=inner).out, "right")
        thread = threading.Thread(target=swap)
        thread.start()
        try:
            seen = []
            for _ in range(12):
                seen.append(subprocess.run([AGENTBOX, "run", "--", "cat", "name"], capture_output=True, text=True, check=False,
                                           preexec_fn=lambda: os.fchdir(chosen)))
        finally:
            stop.set()
            thread.join()
            os.close(chosen)
        for done in seen:
            if done.returncode == 0:
                self.assertEqual(done.stdout, "right")
            else:
                self.assertIn(done.returncode, (2, 126), done.stderr)
        self.assertTrue(any(done.returncode for done in seen), "the race did not occur")

    @contextlib.contextmanager
    def runtime_that_runs(self, before, after):
        """Makes Podman's runtime run these shell commands in the workspace before and after each `create`: what another box of
        the same workspace can do at exactly the right moments."""
        conf = HOME / ".config" / "containers" / "containers.conf"
        kept = conf.read_text() if conf.exists() else None
        program = pathlib.Path(tempfile.mkdtemp(prefix="runtime-", dir=HOME)) / "crun"
        self.addCleanup(shutil.rmtree, program.parent, ignore_errors=True)
        real = shutil.which("crun")
        program.write_text(f"""#!/bin/bash
if [[ " $* " != *" create "* ]]; then exec {real} "$@"; fi
(cd {self.workspace} && {before}) </dev/null >&2
{real} "$@"
code=$?
(cd {self.workspace} && {after}) </dev/null >&2
exit "$code"
""")
        program.chmod(0o755)
        conf.write_text((kept or "") + f'\n[engine.runtimes]\ncrun = ["{program}"]\n')
        try:
            yield
        finally:
            conf.unlink() if kept is None else conf.write_text(kept)

    def test_a_directory_that_another_box_swaps_while_the_runtime_mounts(self):
        """A directory above a protected path is replaced by another, or by a link out of the project, just while the runtime
        mounts: the box would see another project, or have a protected path without its mount."""
        outside = HOME / "work" / "tmp"  # ../tmp is /tmp in the box
        self.addCleanup(shutil.rmtree, outside, ignore_errors=True)
        for directory in (self.workspace / "apps", outside):
            (directory / "web" / ".vscode").mkdir(parents=True)
        (outside / "web" / ".vscode" / "secret").write_text("secret of another project")
        script = "cat /tmp/web/.vscode/secret; touch apps/web/.vscode/x && echo written; echo started"
        with self.runtime_that_runs("true", "true"):
            usual = self.in_box(script, "--share-workspace")
        self.assertEqual(usual.out, "started\n", str(usual))
        for replacement in ("ln -s ../tmp apps", "mkdir -p apps/web/.vscode"):
            restore = "rm apps" if "ln" in replacement else "mv apps decoy"
            with self.subTest(replacement), self.runtime_that_runs(f"mv apps aside && {replacement}", f"{restore} && mv aside apps"):
                done = self.in_box(script, "--share-workspace")
                self.assertCode(done, 126)
                self.assertEqual(done.out, "", str(done))
                self.assertIn("mount", done.err)

    def test_setuid_and_devices_have_no_effect_in_the_workspace(self):
        result = self.in_box("findmnt --noheadings --output OPTIONS --target /workspace || grep ' /workspace ' /proc/self/mountinfo")
        self.assertIn("nosuid", result.out)
        self.assertIn("nodev", result.out)


class Review(SystemTest):
    def test_what_the_host_may_run_is_reported_in_five_lines(self):
        script = """
            mkdir -p evil bin node_modules/.bin .vscode; git init --quiet evil; git -C evil config core.fsmonitor ./x
            printf '#!/bin/sh' >evil/.git/hooks/post-checkout; chmod +x evil/.git/hooks/post-checkout
            for i in 1 2 3 4 5 6 7; do printf x >bin/p$i; chmod +x bin/p$i; ln -s ../x node_modules/.bin/q$i; done
            echo '{}' >.vscode/tasks.json; echo x >.envrc; ln -s /etc/passwd link; mkfifo fifo; touch s; chmod u+s s
            printf '* filter=x\\n' >.gitattributes; mkdir sub; echo 'gitdir: ../evil/.git' >sub/.git
            touch "$(printf 'bin/\\033]52;c;x')"; chmod +x bin/*"""
        result = self.in_box(script, SSL_CERT_FILE=None)
        self.assertCode(result, 0)
        said = result.err.splitlines()
        self.assertLessEqual(len(said), 5, str(result))
        self.assertIn("agentbox review", result.err)
        self.assertNotIn("\033", result.err)
        report = json.loads(self.agentbox("review", "--json").out)
        found = {(one["kind"], one["path"]) for one in report["findings"]}
        for wanted in [("git-hook", "evil/.git/hooks/post-checkout"), ("git-settings", "evil/.git/config"), ("git-link", "sub/.git"),
                       ("git-attributes", ".gitattributes"), ("tool-file", ".envrc"), ("tool-file", ".vscode/tasks.json"),
                       ("set-id", "s"), ("program", "bin/p1"), ("program", "node_modules/.bin/q1"), ("link-out", "link"), ("special", "fifo")]:
            self.assertIn(wanted, found)
        self.assertEqual(next(one["detail"] for one in report["findings"] if one["path"] == "evil/.git/config"), "core.fsmonitor")
        shown = self.agentbox("review")
        self.assertIn("evil/.git/hooks/post-checkout", shown.out)
        self.assertNotIn("\033", shown.out)

    def test_old_and_linked_files_are_reported(self):
        payload = "[core]\n\trepositoryformatversion = 0\n\tfsmonitor = touch ../pwned\n"
        for file in ["docs/v/tasks.json", "docs/g/config", "docs/g/hooks/post-checkout", "kept/.vscode/tasks.json", ".claude/hooks/mine"]:
            (self.workspace / file).parent.mkdir(parents=True, exist_ok=True)
            (self.workspace / file).write_text(payload)
        (self.workspace / "docs/g/hooks/post-checkout").chmod(0o755)
        result = self.in_box("""set -e
            mv docs/v .vscode; mkdir new; mv docs/g new/.git
            for git in new/.git sub/.git; do mkdir -p $git/objects $git/refs; echo 'ref: refs/heads/main' >$git/HEAD; done
            cp new/.git/config sub/cfg; cp -r new/.git/hooks sub/h; ln -s ../cfg sub/.git/config; ln -s ../h sub/.git/hooks
            mkdir docs/w; echo x >docs/w/tasks.json; ln -s docs/w .zed; mkdir -p a/b; ln -s ../.. a/b/s; ln -s s/../x a/b/l
            mkdir -p sub/.git/rebase-merge; echo 'exec ./x' >sub/.git/rebase-merge/git-rebase-todo
            touch .claude/other kept/new""")
        self.assertCode(result, 0)
        found = [(one["kind"], one["path"]) for one in json.loads(self.agentbox("review", "--json").out)["findings"]]
        self.assertEqual(found, [("git-hook", "new/.git/hooks/post-checkout"), ("git-settings", "new/.git/config"),
                                 ("git-settings", "sub/.git/config"), ("git-settings", "sub/.git/hooks"),
                                 ("git-settings", "sub/.git/rebase-merge/git-rebase-todo"), ("tool-file", ".vscode/tasks.json"),
                                 ("tool-file", ".zed"), ("link-out", "a/b/l")])

    def test_a_log_that_points_elsewhere_is_reported(self):
        git("init", "--quiet", "--initial-branch", "main", cwd=self.workspace)
        git("commit", "--quiet", "--allow-empty", "--message", "x", cwd=self.workspace)
        self.assertCode(self.in_box("git branch fine; rm .git/logs/HEAD; ln -s ../../../.bashrc .git/logs/HEAD; git branch 'x;y'"), 0)
        found = [(one["kind"], one["path"], one["detail"]) for one in json.loads(self.agentbox("review", "--json").out)["findings"]]
        self.assertEqual(found, [("git-settings", ".git/logs/HEAD", "-> ../../../.bashrc")])

    def test_files_laid_out_like_a_repository_and_moved_programs_are_reported(self):
        for file in ["tools/evil", "bin/old", "venv/bin/python"]:
            (self.workspace / file).parent.mkdir(parents=True, exist_ok=True)
            (self.workspace / file).write_text("#!/bin/sh\n")
            (self.workspace / file).chmod(0o755)
        self.assertCode(self.in_box("""set -e
            mkdir -p made/objects/deep made/refs made/logs/bin; touch made/HEAD made/objects/deep/.envrc
            echo x >made/logs/bin/x; chmod +x made/logs/bin/x
            mv tools node_modules; mkdir y; mv node_modules y/bin; mv venv .venv; touch bin/plain"""), 0)
        found = {(one["kind"], one["path"]) for one in json.loads(self.agentbox("review", "--json").out)["findings"]}
        self.assertEqual(found, {("tool-file", "made/objects/deep/.envrc"), ("program", "made/logs/bin/x"),
                                 ("program", "y/bin/evil"), ("program", ".venv/bin/python")})

    def test_json_is_safe_on_a_terminal(self):
        self.assertCode(self.in_box("mkdir bin; cd bin; for c in '\\033[31m' '\\302\\23331m' '\\342\\200\\256x' '\\377'; do "
                                    "f=$(printf \"$c\"); touch \"$f\"; chmod +x \"$f\"; done"), 0)
        out = self.agentbox("review", "--json").out
        self.assertTrue(out.isascii() and "\033" not in out, ascii(out))
        self.assertIn("bin/\u202ex", [one["path"] for one in json.loads(out)["findings"]])

    def test_ordinary_work_is_not_reported(self):
        result = self.in_box("mkdir src; echo x >src/main.c; echo y >Makefile; ln -s src/main.c link; sh -c 'echo x >script; chmod +x script'",
                             SSL_CERT_FILE=None)
        self.assertCode(result, 0)
        self.assertEqual(result.err, "")
        self.assertEqual(json.loads(self.agentbox("review", "--json").out)["findings"], [])

    def test_what_was_there_before_is_not_reported(self):
        (self.workspace / ".envrc").write_text("x")
        (self.workspace / "bin").mkdir()
        (self.workspace / "bin" / "old").write_text("x")
        (self.workspace / "bin" / "old").chmod(0o755)
        self.assertEqual(self.in_box("cat .envrc >/dev/null; touch -d 2001-01-01 new; cp bin/old bin/new; touch -d 2001-01-01 bin/new").code, 0)
        report = json.loads(self.agentbox("review", "--json").out)
        self.assertEqual([one["path"] for one in report["findings"]], ["bin/new"])
