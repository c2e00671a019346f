# SPDX-License-Identifier: Apache-2.0
"""Project files that host programs execute, by the table of names."""
import json
import pathlib
import shutil
import subprocess
import tomllib

from box import AGENTBOX, SystemTest

TABLE = pathlib.Path(AGENTBOX).resolve().parent.parent / "share" / "agentbox" / "executes.toml"
PACKAGES = {"node_modules", "vendor", "site-packages", "dist-packages"}


def names(treatment, top=True):
    """Returns the table's names as paths that they match, without those of Git, which have their own tests."""
    entries = tomllib.loads(TABLE.read_text())["executes"]
    listed = [name for one in entries for name in one.get(treatment, []) if one["by"] != "Git" and (top or not name.startswith("/"))]
    return [name.lstrip("/").replace("*", "x") for name in listed if not PACKAGES & set(name.split("/"))]


def only_outermost(paths):
    """Omits paths below others: a file and a directory cannot have the same name."""
    return [path for path in sorted(set(paths)) if not any(path != other and other.startswith(path + "/") for other in paths)]


class Executes(SystemTest):
    def found(self):
        return {one["path"]: one["kind"] for one in json.loads(self.agentbox("review", "--json").out)["findings"]}

    def test_every_planted_name_is_reported(self):
        for place in ("", "apps/web/"):
            for treatment, kind in (("protect", "tool-file"), ("report", "tool-file"), ("steers", "steers")):
                for part in range(0, len(names(treatment, not place)), 150):  # a report names at most 200 of each kind
                    planted = [place + name for name in only_outermost(names(treatment, not place)[part:part + 150])]
                    with self.subTest(treatment=treatment, place=place):
                        script = "".join(f"mkdir -p \"$(dirname '{path}')\"; echo x >'{path}'\n" for path in planted)
                        self.assertCode(self.in_box(script + "echo end"), 0)
                        found = self.found()
                        self.assertEqual([path for path in planted if path not in found], [])
                        for path in self.workspace.iterdir():
                            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def test_what_is_protected_cannot_be_changed_and_the_project_can(self):
        protected = only_outermost(names("protect"))
        project = only_outermost(names("project"))
        for path in protected + project:
            (self.workspace / path).parent.mkdir(parents=True, exist_ok=True)
            (self.workspace / path).write_text("before\n")
        result = self.in_box("".join(f"echo x 2>/dev/null >>'{path}' && echo '{path}'\n" for path in protected + project) + "echo end")
        written = result.out.splitlines()
        self.assertEqual([path for path in written if path in protected], [])
        self.assertEqual([path for path in project if path not in written], [])
        self.assertEqual([path for path in self.found() if path in project], [])

    def test_what_exists_is_protected_at_every_depth(self):
        subprocess.run(["git", "init", "--quiet", "packages/x"], cwd=self.workspace, check=True)
        protected = ["apps/web/.vscode/tasks.json", "apps/web/.envrc", "a/b/c/.husky/pre-commit", "apps/.claude/settings.json"]
        for path in protected:
            (self.workspace / path).parent.mkdir(parents=True, exist_ok=True)
            (self.workspace / path).write_text("before\n")
        protected += ["packages/x/.git/config", "packages/x/.git/hooks/pre-commit"]
        result = self.in_box("".join(f"echo x 2>/dev/null >>{path} && echo {path}\n" for path in protected) + """
            mv packages/x/.git packages/x/y || mv apps/.claude apps/c || mv apps/web/.vscode apps/web/v || echo stays
            cd packages/x && echo x >file && git add file && git -c user.name=a -c user.email=a@b commit -qm one && echo works""")
        self.assertEqual(result.out, "stays\nworks\n", str(result))

    def test_a_directory_above_what_is_protected_cannot_be_replaced_and_files_move_freely(self):
        mounted = self.workspace.parent / (self.workspace.name + "-more")
        for root in (self.workspace, mounted):
            for path in ("apps/web/.envrc", "a/b/c/.husky/pre-commit", "free/file"):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text("before\n")
        self.addCleanup(shutil.rmtree, mounted)
        script = """for root in /workspace /more; do cd $root; mkdir other
            mv apps moved || mv apps/web apps/moved || mv a other || mv a/b a/c2 || mv a/b/c a/d || mv -T other apps || echo stays
            perl -e 'rename("apps", "other/apps") and print "moved\n"; rename("free", "apps") and print "over\n"; rename("other", "a/b/c") and print "over\n";
                syscall(316, -100, "apps", -100, "other", 2) == 0 and print "exchanged\n"; mkdir "e"; syscall(316, -100, "e", -100, "a", 2) == 0 and print "exchanged\n";
                rename("free/file", "apps/web/file") && rename("apps/web/file", "a/b/c/file") && link("a/b/c/file", "apps/second") && rename("free", "apps/web/free")
                or die "EXDEV: $!"' && rm -rf apps a; done; echo end"""
        result = self.in_box(script, "--mount", f"{mounted}:/more")
        self.assertEqual(result.out, "stays\nstays\nend\n", str(result))
        for root in (self.workspace, mounted):
            for path in ("apps/web/.envrc", "a/b/c/.husky/pre-commit"):
                self.assertEqual((root / path).read_text(), "before\n")

    def test_the_report_promises_no_more_than_agentbox_can_tell(self):
        self.assertCode(self.in_box("echo x >file"), 0)
        said = self.agentbox("review").err
        self.assertIn("nothing to report in ", said)
        self.assertIn("agentbox review --list", said)
        self.assertIn(".hg/hgrc", self.agentbox("review", "--list").out)

    def test_a_flood_of_files_hides_nothing(self):
        flood = "mkdir junk; cd junk; seq 420000 | xargs touch; cd .."
        self.assertCode(self.in_box(flood + "; mkdir -p z/y/.vscode; echo x >z/y/.vscode/tasks.json; echo x >.envrc"), 0)
        report = json.loads(self.agentbox("review", "--json").out)
        self.assertEqual([one["path"] for one in report["findings"]], [".envrc", "z/y/.vscode/tasks.json"])
        self.assertIn("junk/", report["stopped"])


class Hidden(SystemTest):
    def test_what_hides_changes_from_git_is_reported_or_read_only(self):
        def git(*words):
            subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=self.workspace, check=True, capture_output=True)

        git("init", "--quiet", ".")
        for name in ("one", "two", "three"):
            (self.workspace / name).write_text("before\n")
        git("add", ".")
        git("commit", "--quiet", "--message=one")
        self.assertCode(self.in_box("git status --short; echo x >new; git add new; git -c user.name=a -c user.email=a@b commit -qm new; git gc -q"), 0)
        self.assertEqual(json.loads(self.agentbox("review", "--json").out)["findings"], [])
        result = self.in_box("""echo '*' >>.git/info/exclude && echo written
            git update-index --assume-unchanged one; git update-index --skip-worktree two; echo evil >one; echo evil >two
            git replace HEAD^{tree} HEAD~1^{tree}; echo '* -diff' >.git/info/attributes; mkdir -p .git/remotes
            echo 'URL: /x' >.git/remotes/origin; echo /tmp >.git/objects/info/alternates; echo end""")
        self.assertEqual(result.out, "end\n", str(result))
        found = {one["path"]: one for one in json.loads(self.agentbox("review", "--json").out)["findings"]}
        self.assertEqual({one["kind"] for one in found.values()}, {"hides-changes"})
        self.assertEqual(found[".git/index"]["detail"], "assume-unchanged: one, skip-worktree: two")
        for path in (".git/info/attributes", ".git/remotes/origin", ".git/objects/info/alternates"):
            self.assertIn(path, found)
        self.assertTrue(any(path.startswith(".git/refs/replace/") for path in found), found)
