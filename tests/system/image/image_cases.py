# SPDX-License-Identifier: Apache-2.0
"""The cases of run_for_real.py. They share the images of the first build: the order is that of the names."""
import atexit
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

PREFIX = pathlib.Path(os.environ["PREFIX"])
TINY = os.environ.get("TINY")
AGENTBOX = PREFIX / "bin/agentbox"
HOME = pathlib.Path(os.environ["HOME"])
ROOM = pathlib.Path(tempfile.mkdtemp(prefix="agentbox-image-", dir=HOME))
LOCK = json.loads((PREFIX / "share/agentbox/containerfiles/agent/agents.lock.json").read_text())["agents"]
DEFAULT_BASE = "docker.io/library/debian:bookworm-slim"

# What must never get into an image. Put together here, so that no scanner takes this file for a leak.
CANARIES = {
    "variable": "sk-" + "canary-0123456789abcdefghijklmnop",
    "token": "ghp" + "_canary0123456789canary0123456789abcd",
    "npmrc": "npm" + "_canary0123456789canary0123456789abcd",
    "key": "canary+private+key+0123456789+0123456789+0123456789",
}


def environment(**more):
    """The environment of a developer who has secrets lying about."""
    kept = {name: value for name, value in os.environ.items()
            if name in ("PATH", "USER", "LOGNAME", "DBUS_SESSION_BUS_ADDRESS", "LANG", "TERM",
                        "SSL_CERT_FILE", "npm_config_registry") or name.lower().endswith("_proxy")}
    return {**kept, "HOME": str(ROOM / "home"), "XDG_DATA_HOME": str(ROOM / "data"), "XDG_CACHE_HOME": str(ROOM / "cache"),
            "XDG_STATE_HOME": str(ROOM / "state"), "XDG_CONFIG_HOME": str(HOME / ".config"),
            "XDG_RUNTIME_DIR": str(ROOM / "run"),
            "OPENAI_API_KEY": CANARIES["variable"], "ANTHROPIC_API_KEY": CANARIES["variable"],
            "GITHUB_TOKEN": CANARIES["token"], **more}


def run(*words, cwd=None, **more):
    start = time.monotonic()
    result = subprocess.run([str(word) for word in words], cwd=cwd or ROOM / "project", env=environment(**more), text=True,
                            stdin=subprocess.DEVNULL, capture_output=True)
    result.seconds = time.monotonic() - start
    return result


def podman(*words):
    result = run("podman", *words)
    if result.returncode:
        raise AssertionError(f"podman {words}: {result.stderr}")
    return result.stdout


def images():
    return sorted(podman("images", "--all", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}").split("\n"))


def finished(names):
    """Without the tools images: one that was made for a build that failed later serves the next one."""
    return [name for name in names if "/agentbox/tools:" not in name]


def in_image(image, script, *options):
    return run("podman", "run", "--rm", "--pull=never", "--network=none", "--cap-drop=all", "--security-opt=no-new-privileges",
               "--userns=keep-id:uid=1000,gid=1000", "--entrypoint=/bin/sh", *options, image, "-c", script)


def make_ca():
    """The host's CA bundle with one more CA that nobody else has; its path, and the lines of that CA."""
    own = ROOM / "own-ca.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=canary CA",
                    "-keyout", ROOM / "own-ca.key", "-out", own], check=True, capture_output=True)
    host = pathlib.Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
    bundle = ROOM / "bundle.pem"
    bundle.write_text((host.read_text() if host.exists() else "") + own.read_text())
    return bundle, [line for line in own.read_text().splitlines() if len(line) == 64]


def remove_room():
    run("podman", "rm", "--all", "--force", cwd="/")
    run("podman", "rmi", "--all", "--force", cwd="/")
    run("podman", "system", "migrate", cwd="/")  # ends Podman's pause process, which may hold mounts
    run("podman", "unshare", "rm", "-rf", ROOM / "data", cwd="/")
    run("podman", "system", "migrate", cwd="/")
    shutil.rmtree(ROOM, ignore_errors=True)


def prepare():
    atexit.register(remove_room)
    for folder in ("home/.ssh", "project", "data", "cache", "state"):
        (ROOM / folder).mkdir(parents=True)
    (ROOM / "run").mkdir(mode=0o700)
    (ROOM / "home/.npmrc").write_text("//registry.npmjs.org/:_auth" + f"Token={CANARIES['npmrc']}\n")
    (ROOM / "home/.ssh/id_ed25519").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n" + CANARIES["key"] + "\n")


class Images(unittest.TestCase):
    maxDiff = None

    def test_1_the_default_image_is_built(self):
        Images.bundle, Images.ca_lines = make_ca()
        result = run(AGENTBOX, "build", "--ca-bundle", Images.bundle)
        self.assertEqual(result.returncode, 0, result.stderr)
        Images.agent, Images.firewall = result.stdout.split()
        print(f"built in {result.seconds:.1f} s; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        self.assertEqual(list((ROOM / "state/agentbox/logs").iterdir()), [], "a log was kept though nothing failed")
        self.assertFalse((ROOM / "cache/agentbox/build").exists())
        labels = json.loads(podman("image", "inspect", "--format", "{{json .Config.Labels}}", Images.agent))
        self.assertEqual(labels["org.agentbox.base"], DEFAULT_BASE)
        for name in ("codex", "claude"):
            self.assertEqual(labels[f"org.agentbox.agent.{name}"], LOCK[name]["version"])

    def test_2_the_second_build_does_nothing(self):
        before = images()
        result = run(AGENTBOX, "build", "--ca-bundle", Images.bundle)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout.split(), [Images.agent, Images.firewall])
        self.assertLess(result.seconds, 1 if os.getloadavg()[0] < os.cpu_count() else 5)
        self.assertEqual(images(), before)

    def test_3_who_and_what_is_in_it(self):
        result = in_image(Images.agent, "id -u; id -g; id -un; pwd; stat -c %u:%g:%a /home/agent /workspace; touch /home/agent/x /workspace/x && echo writable")
        self.assertEqual(result.stdout.split(), ["1000", "1000", "agent", "/workspace", "1000:1000:755", "1000:1000:755", "writable"], result.stderr)
        result = in_image(Images.agent, "find / -xdev -type f -perm /6000 2>/dev/null")
        self.assertEqual(result.stdout, "")
        result = in_image(Images.agent, "ls -A /mnt /tmp /var/tmp; for tool in bash git curl rg jq less patch ps ssh tar unzip xz; do command -v $tool || echo no $tool; done")
        self.assertNotIn("no ", result.stdout)
        self.assertEqual([line for line in result.stdout.splitlines() if line and not line.startswith(("/bin", "/usr", "/mnt:", "/tmp:", "/var/tmp:"))], [])

    def test_3_both_agents_run(self):
        for name in ("codex", "claude"):
            result = in_image(Images.agent, f"{name} --version")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn(LOCK[name]["version"], result.stdout)

    def test_3_the_entry_point_refuses_to_start_without_the_firewall(self):
        result = run("podman", "run", "--rm", "--network=none", "--cap-drop=all", "--security-opt=no-new-privileges",
                     "--userns=keep-id:uid=1000,gid=1000", Images.agent, "/bin/true")
        self.assertEqual(result.returncode, 126)
        self.assertIn("AGENTBOX_NETWORK", result.stderr)

    def test_4_no_secret_and_no_ca_is_in_any_layer(self):
        for image in (Images.agent, Images.firewall):
            config, files = self.contents(image)
            self.assertGreater(len(files), 5)
            for what, canary in CANARIES.items():
                self.assertNotIn(canary, config, what)
            self.assertNotIn("sk-", config)
        self.assertTrue(any(name.endswith("usr/local/lib/agents/claude/claude") for name in self.contents(Images.agent)[1]))

    def contents(self, image):
        """The config as text and the names of all files; fails on what must not be in any of them."""
        archive = ROOM / "image.tar"
        podman("save", "--format=docker-archive", "--output", archive, image)  # its layers are not compressed
        needles = [canary.encode() for canary in CANARIES.values()] + [line.encode() for line in Images.ca_lines[1:3]]
        config, names = "", []
        with tarfile.open(archive) as outer:
            for blob in outer:
                if not blob.isfile():
                    continue
                content = outer.extractfile(blob)
                if not blob.name.endswith(".tar"):
                    config += content.read().decode()
                    continue
                with tarfile.open(fileobj=content) as layer:
                    names += self.look_through(layer, needles)
        archive.unlink()
        return config, names

    def look_through(self, layer, needles):
        key_file = re.compile(rb"^-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n[A-Za-z0-9+/]{40}", re.MULTILINE)
        secret_name = re.compile(r"(^|/)(id_(rsa|dsa|ecdsa|ed25519)|\.netrc|\.npmrc|\.env|\.git-credentials|auth\.json|\.credentials\.json|ssh_host_.*_key|ca\.pem)$")
        for member in layer:
            self.assertIsNone(secret_name.search(member.name), member.name)
            if not member.isfile():
                continue
            content = layer.extractfile(member).read()
            for needle in needles:
                self.assertNotIn(needle, content, member.name)
            if len(content) < 65536:
                self.assertIsNone(key_file.search(content), member.name)
        return layer.getnames()

    def base_tarball(self, change=lambda name, content: content, more=()):
        """The base image's files as a tarball, changed."""
        container = podman("create", "--network=none", "localhost/agentbox/base:debian-bookworm", "true").strip()
        podman("export", "--output", ROOM / "base.tar", container)
        podman("rm", container)
        target = ROOM / "rootfs.tar"
        with tarfile.open(ROOM / "base.tar") as old, tarfile.open(target, "w") as new:
            for member in old:
                content = old.extractfile(member).read() if member.isfile() else b""
                changed = change(member.name, content)
                member.size = len(changed) if member.isfile() else 0
                new.addfile(member, io.BytesIO(changed))
            for name, content in more:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
        (ROOM / "base.tar").unlink()
        return target

    def test_5_a_tarball_as_base_even_with_a_user_of_the_same_uid(self):
        def with_ubuntu(name, content):
            added = {"etc/passwd": b"ubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n", "etc/group": b"ubuntu:x:1000:\n", "etc/shadow": b"ubuntu:!:1::::::\n"}
            return content + added.get(name, b"")

        rootfs = self.base_tarball(with_ubuntu, [("home/ubuntu/.bashrc", b"# theirs\n")])
        result = run(AGENTBOX, "build", "--base", f"tar:{rootfs}")
        self.assertEqual(result.returncode, 0, result.stderr)
        agent = result.stdout.split()[0]
        self.assertNotEqual(agent, Images.agent)
        result = in_image(agent, "id -un; grep -c ubuntu /etc/passwd /etc/group; ls /home; codex --version >/dev/null && echo runs")
        self.assertEqual(result.stdout.split(), ["agent", "/etc/passwd:0", "/etc/group:0", "agent", "runs"], result.stderr)
        self.assertEqual(run(AGENTBOX, "build").stdout.split()[0], Images.agent, "the default image is still there")

    def test_5_a_new_version_replaces_the_old_image_and_no_other(self):
        lock = json.loads((PREFIX / "share/agentbox/containerfiles/agent/agents.lock.json").read_text())
        lock["agents"]["codex"]["version"] = "0.0.1"  # of the same bytes
        own = ROOM / "state/agentbox/agents.lock.json"
        own.write_text(json.dumps(lock))
        before = {name for name in images() if "/agent:" in name}
        result = run(AGENTBOX, "build")
        self.assertEqual(result.returncode, 0, result.stderr)
        print(f"agents replaced in {result.seconds:.1f} s", flush=True)
        after = {name for name in images() if "/agent:" in name}
        self.assertEqual([name.split()[1] for name in before - after], [Images.agent])
        self.assertEqual([name.split()[1] for name in after - before], [result.stdout.split()[0]])
        own.unlink()
        self.assertEqual(run(AGENTBOX, "build").returncode, 0)

    def refused(self, code, pattern, *words, **more):
        before = images()
        result = run(AGENTBOX, "build", *words, **more)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr, pattern)
        if code != 2:
            self.assertIn("hint:", result.stderr)
        self.assertEqual(finished(images()), finished(before), "something half made was left")
        self.assertEqual(podman("ps", "--all", "--external", "--quiet"), "")
        return result

    def test_6_bad_bases(self):
        (ROOM / "project/root.tar").write_bytes(b"")
        self.refused(126, "inside the workspace", "--base", f"tar:{ROOM}/project/root.tar")
        self.refused(126, "id_ed25519", "--base", f"tar:{self.base_tarball(more=[('root/.ssh/id_ed25519', b'x')])}")
        self.refused(2, "there is no .*missing.tar", "--base", f"tar:{ROOM}/missing.tar")
        self.refused(2, "no tar archive", "--base", "tar:/etc/passwd")
        self.refused(2, "is no image", "--base", "oci:/etc")
        self.refused(125, "localhost/nothing", "--base", "localhost/nothing:1")
        self.refused(125, "no distribution", "--base", f"tar:{self.base_tarball(lambda name, content: b'' if name.endswith('lib/os-release') else content)}")
        run("podman", "rmi", "--all")

    def test_6_a_mirror_that_cannot_be_reached(self):
        broken = self.base_tarball(lambda name, content: b"deb http://127.0.0.1:1/debian bookworm main\n" if name == "etc/apt/sources.list" else content)
        before = images()
        result = run(AGENTBOX, "build", "--base", f"tar:{broken}")
        self.assertEqual(result.returncode, 125, result.stderr)
        self.assertRegex(result.stderr, "the packages could not be downloaded")
        log = pathlib.Path(re.search(r"the full log: (\S+)", result.stderr)[1])
        self.assertIn("127.0.0.1:1", log.read_text())
        self.assertEqual([line for line in images() if line not in before and "/base:" not in line], [], "only the base was imported")

    def test_6_a_registry_that_cannot_be_reached(self):
        self.refused(125, "cannot download http://127.0.0.1:1/", "--toolkit", "python", XDG_CACHE_HOME=str(ROOM / "empty-cache"),
                     npm_config_registry="http://127.0.0.1:1")
        self.assertEqual(list((ROOM / "empty-cache/agentbox/agents").iterdir()), [])

    def test_6_a_full_disk(self):
        if not TINY:
            self.skipTest("a small file system needs root")
        self.refused(125, "too full to build the image", "--toolkit", "web", XDG_CACHE_HOME=TINY)

    def test_7_update_tells_the_newest_versions(self):
        result = run(AGENTBOX, "update", "--check")
        self.assertIn(result.returncode, (0, 1), result.stderr)
        self.assertRegex(result.stdout, r"(?m)^codex \d+\.")
        self.assertRegex(result.stdout, r"(?m)^claude \d+\.")
        self.assertFalse((ROOM / "state/agentbox/agents.lock.json").exists())


if __name__ == "__main__":
    prepare()
    unittest.main(argv=[sys.argv[0], "-v", *(f"Images.{case}" for case in sys.argv[1:])], failfast=False)
