# SPDX-License-Identifier: Apache-2.0
"""`podman kube play` of what `agentbox generate kubernetes` writes for a cluster, as far as Podman supports it.

Podman (4.3.1 and 5.4.2) does not support native sidecars: it refuses the manifest before anything of the box has run.
With the firewall as an ordinary container, which is the only change here, Podman 5 runs the rest of it."""
import os
import pathlib
import re
import subprocess

from box import PATIENCE, SystemTest, podman, wait_until

NAME = "cluster"
POD = f"agentbox-{NAME}"
# Unlike the probe of agentbox run: a cluster's pod runs it unchanged, and its log is the result.
LOOK = """\
id -u; sed -n 's/^\\(NoNewPrivs\\|Seccomp\\|CapEff\\|CapPrm\\|CapBnd\\|CapAmb\\):\\s*/\\1 /p' /proc/self/status
for host in api.openai.com evil.example.com; do
    echo "https $host $(curl --silent --output /dev/null --max-time 10 --insecure --write-out '%{http_code}' https://$host/)"
done
for file in .git/config .git/hooks/post-checkout .agentbox/config.toml made; do
    if (echo box >>"$file") 2>/dev/null; then echo "written $file"; else echo "refused $file"; fi
done
"""


def podman_version():
    return tuple(int(part) for part in podman("version", "--format", "{{.Client.Version}}")[0].split("-")[0].split("."))


def item(text, name):
    """Returns the manifest's lines for the container `name`, including its comment."""
    found = re.search(rf"^(    # [^\n]*\n)*    - name: {name}\n(?:(?:      .*)?\n)*", text, re.MULTILINE)
    return found.group(0)


def with_ordinary_firewall(text):
    """Replaces the one thing that Podman does not support: the sidecar becomes a container like the agent's."""
    sidecar = item(text, "firewall")
    plain = re.sub(r"^      restartPolicy: Always\n", "", sidecar, flags=re.MULTILINE)
    plain = re.sub(r"^      startupProbe:\n(?:        .*\n)*", "", plain, flags=re.MULTILINE)
    assert len(plain) < len(sidecar)
    return text.replace(sidecar, "").replace("  containers:\n", "  containers:\n" + plain)


class KubernetesByPodman(SystemTest):
    def setUp(self):
        super().setUp()
        self.directory = self.workspace / "set"
        self.addCleanup(self.remove)

    def remove(self):
        for words in (["pod", "rm", "--force", "--time", "0", POD], ["volume", "rm", "--force", "project", POD]):
            subprocess.run(["podman", *words], check=False, capture_output=True, timeout=PATIENCE)

    def claim(self):
        """Makes a claim with a checkout in it, which is a named volume for Podman."""
        podman("volume", "create", "project")
        project = pathlib.Path(podman("volume", "inspect", "project", "--format", "{{.Mountpoint}}")[0])
        subprocess.run(["git", "init", "--quiet", project], check=True)
        (project / ".git" / "hooks").mkdir(exist_ok=True)
        (project / ".agentbox").mkdir()
        return project

    def manifest(self, script, change=lambda text: text):
        result = self.agentbox("generate", "kubernetes", "--name", NAME, "--workspace-claim", "project", "--output", self.directory,
                               "--force", "--", "/bin/sh", "-c", script, timeout=300)
        self.assertCode(result, 0)
        path = self.directory / "manifest.yaml"
        path.write_text(change(path.read_text()))
        return path

    def play(self, manifest):
        words = ["podman", "kube", "play", "--network", "private", "--userns", "keep-id:uid=1000,gid=1000", manifest]
        return subprocess.run(words, check=False, capture_output=True, text=True, timeout=PATIENCE)

    def agent_log(self):
        wait_until(lambda: podman("inspect", f"{POD}-agent", "--format", "{{.State.Status}}") == ["exited"], "the agent's end")
        done = subprocess.run(["podman", "logs", f"{POD}-agent"], check=True, capture_output=True, text=True)
        return podman("inspect", f"{POD}-agent", "--format", "{{.State.ExitCode}}")[0], done.stdout + done.stderr

    def containers(self):
        """Returns {name: state} of the box's containers."""
        names = [name for name in podman("ps", "--all", "--format", "{{.Names}}") if name.startswith(POD)]
        return {name.removeprefix(f"{POD}-"): podman("inspect", name, "--format", "{{.State.Status}}")[0] for name in names}

    def test_a_native_sidecar_is_refused_before_anything_runs(self):
        project = self.claim()
        done = self.play(self.manifest("echo ran >made"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("init container", done.stderr)
        self.assertIn("startupProbe", done.stderr)
        self.assertNotIn("agent", self.containers())
        self.assertEqual({state for name, state in self.containers().items() if "infra" not in name} & {"running", "exited"}, set())
        self.assertFalse((project / "made").exists())

    def test_the_rest_of_the_manifest_runs_confined(self):
        project = self.claim()
        done = self.play(self.manifest(LOOK, with_ordinary_firewall))
        if podman_version() < (5,):  # a ConfigMap's subPath is a directory for it, and /etc/hosts is not
            self.assertIn("OCI runtime error", done.stderr)
            self.assertNotEqual(self.containers().get("agent"), "running")
            self.assertFalse((project / "made").exists())
            return
        self.assertEqual(done.returncode, 0, done.stderr)
        code, log = self.agent_log()
        self.assertEqual((code, log.splitlines()), ("0", [
            "1000", "CapPrm 0000000000000000", "CapEff 0000000000000000", "CapBnd 0000000000000000", "CapAmb 0000000000000000",
            "NoNewPrivs 1", "Seccomp 2", "https api.openai.com 404", "https evil.example.com 000",
            "refused .git/config", "refused .git/hooks/post-checkout", "refused .agentbox/config.toml", "written made"]))
        self.assertEqual((project / "made").stat().st_uid, os.getuid())

    def test_until_the_firewall_is_up_the_network_is_closed(self):
        """The lock alone closes it, and the agent does not start: its entry point is replaced to test this."""
        if podman_version() < (5,):
            return  # it does not start the agent's container at all: see above
        self.claim()
        script = "curl --silent --output /dev/null --max-time 5 --insecure https://203.0.113.5/; echo curl $?"

        def alone(text):
            return text.replace(item(text, "firewall"), "")

        def bare(text):
            return alone(text).replace("command: [/usr/local/bin/agent-entrypoint]", "command: [/usr/bin/env]").replace("- exec\n", "- --\n")

        def unlocked(text):
            return bare(text).replace("  initContainers:\n" + item(text, "lock"), "")

        for change, code, words in ((alone, "126", []), (bare, "0", ["curl 7"]), (unlocked, "0", ["curl 0"])):
            with self.subTest(change.__name__):
                done = self.play(self.manifest(script, change))
                self.assertEqual(done.returncode, 0, done.stderr)
                found, log = self.agent_log()
                self.assertEqual((found, [line for line in log.splitlines() if line.startswith("curl ")]), (code, words), log)
                podman("pod", "rm", "--force", "--time", "0", POD)
                podman("volume", "rm", POD)
