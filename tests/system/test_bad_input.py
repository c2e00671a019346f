# SPDX-License-Identifier: Apache-2.0
"""Every mistake of a user gives one clear error that names the object and the next step, and leaves nothing behind."""
import json
import subprocess
import tempfile

from box import AGENTBOX, HOME, PATIENCE, SESSIONS, SystemTest, wait_until


class BadInput(SystemTest):
    def refused(self, code, names, *arguments, hint=True, **more):
        """`agentbox ARGUMENTS` ends with `code` before it starts anything, and its message contains all of `names`."""
        result = self.agentbox(*arguments, **more)
        self.assertCode(result, code)
        for name in [names] if isinstance(names, str) else names:
            self.assertIn(name, result.err, str(result))
        self.assertEqual(result.out, "", "stdout is for data")
        self.assertTrue(result.err.startswith("agentbox: "), str(result))
        if hint:
            self.assertIn("hint: ", result.err, str(result))
        self.assertNotIn("terminate called", result.err)
        return result

    def test_unknown_agent(self):
        self.refused(127, ["claud", "claude"], "run", "claud")

    def test_unknown_subcommand_or_option(self):
        self.refused(2, "--no-such-option", "run", "--no-such-option", hint=False)

    def test_missing_image(self):
        self.refused(125, "localhost/no-such-image", "run", "--base", "localhost/no-such-image:1", "--", "true")

    def test_unreachable_registry(self):
        self.refused(125, "registry.example", "run", "--base", "registry.example/some/image:1", "--", "true")

    def test_base_that_is_not_a_rootfs(self):
        with tempfile.TemporaryDirectory(dir=HOME) as directory:
            self.refused(125, directory, "run", "--base", f"dir:{directory}", "--", "true")
            self.refused(2, "missing.tar", "run", "--base", f"tar:{directory}/missing.tar", "--", "true")

    def test_base_inside_the_workspace(self):
        """The agent could change it between two runs."""
        (self.workspace / "root").mkdir()
        self.refused(126, "workspace", "run", "--base", f"dir:{self.workspace / 'root'}", "--", "true")

    def test_malformed_toml(self):
        self.project_config('[network\nallow_hosts = ["a.example"]\n')
        self.refused(2, ["config.toml:1:9", "not valid TOML"], "run", "--", "true")

    def test_unknown_key(self):
        self.project_config('[network]\nalow_hosts = ["a.example"]\n')
        self.refused(2, ["alow_hosts", "allow_hosts", "config.toml:2"], "run", "--", "true")

    def test_all_mistakes_together(self):
        self.user_config('[network]\nallow_hosts = ["a b"]\nnonsense = 1\n[limits]\npids = "many"\n')
        self.refused(2, ["a b", "nonsense", "pids"], "run", "--", "true", hint=False)

    def test_bad_host_names(self):
        for host in ["", "a b", "*", "*.com", "http://a.example/", "a..example", "-a.example", "a.example:0", "a.example:99999",
                     "x" * 64 + ".example", "192.0.2.1/24", "a.example\nb", "ä.example", "a%00.example"]:
            with self.subTest(host=host):
                self.refused(2, "", "run", "--allow", host, "--", "true", hint=False)

    def test_workspaces_that_would_expose_too_much(self):
        for directory in ["/", HOME, "/etc", "/usr", "/tmp"]:
            with self.subTest(directory=directory):
                self.refused(126, str(directory), "run", "--", "true", cwd=directory)

    def test_workspace_reached_through_a_symbolic_link(self):
        link = self.workspace / "link"
        link.symlink_to("/")
        self.refused(126, "/", "run", "--", "true", cwd=link)

    def test_workspace_that_was_removed(self):
        gone = self.workspace / "gone"
        gone.mkdir()
        done = subprocess.run(["/bin/sh", "-c", 'rmdir "$PWD" && exec "$0" run -- true', AGENTBOX], cwd=gone,
                              capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (2, 126), done.stderr)
        self.assertIn("agentbox: ", done.stderr)

    def test_mount_of_a_missing_path(self):
        self.refused(2, "/no/such/path", "run", "--mount", "/no/such/path:/data", "--", "true")

    def test_mount_on_a_reserved_path(self):
        for place in ["/", "/proc", "/etc/resolv.conf", "relative", "/usr/local/bin/agent-entrypoint"]:
            with self.subTest(place=place):
                self.refused(2, place, "run", "--mount", f"{self.workspace}:{place}", "--", "true", hint=False)

    def test_odd_workspace_names_are_mounted_exactly_or_refused(self):
        for name in ["a,b", "a:b", "a'b", 'a"b', "a b", "a\nb", "a\\b", "$HOME", "--privileged", "a,readonly=false", "ü", "%s"]:
            with self.subTest(name=name):
                directory = self.workspace / name
                directory.mkdir()
                (directory / "here").write_text("right")
                result = self.agentbox("run", "--", "/bin/sh", "-c", "cat here; pwd", cwd=directory)
                if result.code == 0:
                    self.assertEqual(result.out, "right/workspace\n")
                else:
                    self.assertIn(result.code, (2, 126), str(result))
                    self.assertIn("agentbox: ", result.err)

    def on_a_host_with(self, file, content, mode=0o755):
        """`agentbox run` on a host where `file` has other content: in a mount namespace, because no variable redirects the path."""
        other = self.workspace / "other"
        other.write_text(content)
        other.chmod(mode)
        script = 'mount --bind "$1" "$2" && exec "$0" run -- true'
        command = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "sh", "-c", script]
        done = subprocess.run([*command, AGENTBOX, other, file], cwd=self.workspace, capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (125, 126), done.stderr)
        self.assertTrue(done.stderr.startswith("agentbox: "), done.stderr)
        self.assertIn("hint: ", done.stderr)
        return done.stderr

    def test_no_podman(self):
        self.assertIn("odman", self.on_a_host_with("/usr/bin/podman", "", 0o644))

    def test_podman_too_old(self):
        info = json.loads(subprocess.run(["podman", "info", "--format", "json"], capture_output=True, check=True).stdout)
        info["version"]["Version"] = "3.0.1"
        script = f"#!/bin/sh\ncase $1 in info) cat <<'END'\n{json.dumps(info)}\nEND\n;; *) echo podman version 3.0.1; esac\n"
        self.assertIn("3.0.1", self.on_a_host_with("/usr/bin/podman", script))

    def test_no_subuid_range(self):
        self.assertIn("subuid", self.on_a_host_with("/etc/subuid", "nobody:1:1\n", 0o644))

    def test_as_root(self):
        done = subprocess.run(["unshare", "--user", "--map-root-user", AGENTBOX, "run", "--", "true"], cwd=self.workspace,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 126, done.stderr)
        self.assertIn("root", done.stderr)
        self.assertIn("hint: ", done.stderr)

    def test_full_network_and_allow_together_are_explained_or_work(self):
        result = self.agentbox("run", "--full-network", "--allow", "a.example", "--", "true")
        self.assertIn(result.code, (0, 2), str(result))

    def test_a_project_that_broadens_is_refused_with_the_difference(self):
        self.project_config('[network]\nallow_hosts = ["allowed.example"]\n')
        self.refused(126, "allowed.example", "run", "--", "true")
        self.assertCode(self.agentbox("run", "--trust-project", "--", "true"), 0)

    def test_two_boxes_of_one_name(self):
        first = self.start("run", "--name", "twin", "--", "sleep", "20")
        wait_until(lambda: (SESSIONS / "twin" / "session.json").exists(), "the first box")
        self.refused(126, "twin", "run", "--name", "twin", "--", "true")  # the same directory
        self.refused(125, "--name", "run", "--name", "twin", "--share-workspace", "--", "true")
        first.terminate()
        first.wait(PATIENCE)

    def test_hostile_environment_variables(self):
        """A hostile shell's variables do not reach Podman, and unusable ones are refused."""
        steer = {"CONTAINERS_CONF": "/dev/null/x", "CONTAINER_HOST": "tcp://198.51.100.10:1", "LD_PRELOAD": "/no/such.so"}
        result = self.agentbox("run", "--", "env", **steer)
        self.assertCode(result, 0)
        self.assertNotIn("CONTAINER", result.out.replace("container=", ""))

    def test_bad_environment_options(self):
        for option in ["=value", "A B=value", "LD_PRELOAD=/x.so"]:
            with self.subTest(option=option):
                self.refused(2, option.split("=")[0], "run", "--env", option, "--", "true", hint=False)

    def test_no_home(self):
        result = self.agentbox("run", "--", "true", HOME=None)
        self.assertIn(result.code, (0, 2, 125, 126), str(result))
        self.assertTrue(result.code == 0 or result.err.startswith("agentbox: "), str(result))

    def test_no_runtime_directory(self):
        self.refused(126, "XDG_RUNTIME_DIR", "run", "--", "true", XDG_RUNTIME_DIR="/no/such/directory")

