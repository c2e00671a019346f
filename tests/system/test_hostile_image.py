# SPDX-License-Identifier: Apache-2.0
"""Settings of an image, or of the user's containers.conf, are refused or ignored."""
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

from box import HOME, SystemTest

STATE = HOME / ".cache" / "agentbox" / "images.json"
PINS = HOME / ".local" / "state" / "agentbox" / "manifests.json"
CONFIG = HOME / ".config" / "containers" / "containers.conf"
LOOK = "id -u; pwd; env | sort; cut -d' ' -f5 /proc/self/mountinfo | sort; grep -E 'Seccomp:|NoNewPrivs|Cap' /proc/self/status"
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
LINKS = "; readlink " + " ".join(f"/proc/self/ns/{name}" for name in NAMESPACES)


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


class Hostile(SystemTest):
    def setUp(self):
        super().setUp()
        argv = next(step["argv"] for step in self.plan() if step["do"] == "attach")
        self.image = next(word for word in argv if len(word) == 64 and set(word) <= set("0123456789abcdef"))
        pod = next(step["argv"] for step in self.plan() if step.get("what") == "create the pod")
        self.firewall = pod[pod.index("--infra-image") + 1]

    def plan(self):
        return json.loads(self.agentbox("run", "--dry-run", "--json", "--", "true").out)["steps"]

    @contextlib.contextmanager
    def instead_of(self, image, other):
        """Makes agentbox use image `other` instead of the one that it built."""
        before = STATE.read_text()
        self.assertIn(image, before)
        STATE.write_text(before.replace(image, other))
        try:
            yield
        finally:
            STATE.write_text(before)

    def pin(self, image):
        """Makes agentbox use `image`, with its current manifest, instead of the one that it built."""
        built = json.loads(STATE.read_text())["images"]
        tags = {entry["tag"] for entry in built if entry["id"] in (image, self.image)}
        pins = json.loads(PINS.read_text())
        manifest = HOME / ".local" / "share" / "containers" / "storage" / "overlay-images" / image / "manifest"
        digest = "sha256:" + hashlib.sha256(manifest.read_bytes()).hexdigest()
        pins.update({f"{image} {tag}": digest for tag in tags})
        PINS.write_text(json.dumps(pins))

    def derived(self, lines):
        """Makes an image from the agent's, with other metadata."""
        with tempfile.TemporaryDirectory(dir=HOME) as directory:
            (pathlib.Path(directory) / "Containerfile").write_text(f"FROM {self.image}\n{lines}\n")
            name = "localhost/hostile-" + hashlib.sha256(lines.encode()).hexdigest()[:12]
            run("podman", "build", "--quiet", "--pull=never", "--network=none", "--format=docker", "--tag", name, directory)
        self.addCleanup(subprocess.run, ["podman", "rmi", "--force", name], capture_output=True, check=False)
        return run("podman", "image", "inspect", "--format", "{{.Id}}", name).strip()

    def box_with(self, lines, script=LOOK, **env):
        other = self.derived(lines)
        self.pin(other)
        with self.instead_of(self.image, other):
            return self.in_box(script, **env)

    def test_metadata_has_no_effect(self):
        usual = self.in_box(LOOK)
        self.assertCode(usual, 0)
        lines = ["USER 0", "WORKDIR /etc", "VOLUME /data", "VOLUME /workspace", 'ENTRYPOINT ["/bin/echo", "hostile"]', 'CMD ["hostile"]',
                 "HEALTHCHECK --interval=1s CMD touch /workspace/health", "STOPSIGNAL SIGKILL", "EXPOSE 22/tcp",
                 "LABEL io.podman.annotations.privileged=TRUE", "ONBUILD RUN true", 'SHELL ["/bin/evil"]']
        result = self.box_with("\n".join(lines))
        self.assertCode(result, 0)
        self.assertEqual(result.out, usual.out)
        self.assertFalse((self.workspace / "health").exists())

    def test_variables_are_refused_by_name(self):
        for lines, name in [("ENV AWS*=", "AWS"), ("ENV LD_PRELOAD=/evil.so", "LD_PRELOAD")]:
            with self.subTest(lines=lines):
                result = self.box_with(lines, AWS_SECRET_ACCESS_KEY="secret")
                self.assertNotIn("secret", result.out + result.err)
                self.assertCode(result, 126)
                self.assertIn(name, result.err)
        self.assertCode(self.box_with("ENV PATH=/evil HOME=/evil TERM=evil", 'test "$HOME" = /home/agent && which git'), 0)

    def annotated(self, image, annotations):
        """Loads `image` with annotations in its manifest: the same ID, because the ID is the digest of its configuration."""
        with tempfile.TemporaryDirectory(dir=HOME) as directory:
            directory = pathlib.Path(directory)
            run("podman", "save", "--quiet", "--format=oci-archive", "--output", directory / "image.tar", image)
            with tarfile.open(directory / "image.tar") as archive:
                archive.extractall(directory / "layout", filter="data") if hasattr(tarfile, "data_filter") else archive.extractall(directory / "layout")
            layout = directory / "layout"
            index = json.loads((layout / "index.json").read_text())
            entry = index["manifests"][0]
            manifest = json.loads((layout / "blobs" / "sha256" / entry["digest"].removeprefix("sha256:")).read_text())
            manifest["annotations"] = {**manifest.get("annotations", {}), **annotations}
            text = json.dumps(manifest).encode()
            digest = hashlib.sha256(text).hexdigest()
            (layout / "blobs" / "sha256" / digest).write_bytes(text)
            entry.update(digest=f"sha256:{digest}", size=len(text), annotations={"org.opencontainers.image.ref.name": "localhost/hostile-annotated:1"})
            (layout / "index.json").write_text(json.dumps(index))
            with tarfile.open(directory / "hostile.tar", "w") as archive:
                for path in sorted(layout.iterdir()):
                    archive.add(path, path.name)
            run("podman", "load", "--quiet", "--input", directory / "hostile.tar")
        self.addCleanup(subprocess.run, ["podman", "rmi", "--force", "localhost/hostile-annotated:1"], capture_output=True, check=False)
        return run("podman", "image", "inspect", "--format", "{{.Id}}", "localhost/hostile-annotated:1").strip()

    def test_annotations_of_a_manifest_do_not_reach_the_runtime(self):
        """Uses the firewall's image, which is small; both containers go through the same part of the hook."""
        names = run("podman", "image", "inspect", "--format", "{{join .RepoTags \" \"}}", self.firewall).split()
        self.assertTrue(names)
        with tempfile.TemporaryDirectory(dir=HOME) as directory:  # restores its manifest for the next tests
            run("podman", "save", "--quiet", "--format=oci-archive", "--output", f"{directory}/before.tar", self.firewall)
            try:
                other = self.annotated(self.firewall, {"run.oci.seccomp_bpf_data": "AAAA", "run.oci.keep_original_groups": "1"})
                self.assertEqual(other, self.firewall, "the same ID with another manifest")
                self.assertIn("run.oci.seccomp_bpf_data", run("podman", "image", "inspect", other))
                pinned = self.in_box("true")
                self.assertCode(pinned, 126)
                self.assertIn("manifest", pinned.err)
                self.pin(self.firewall)  # the hook alone
                result = self.in_box("true")
                self.assertCode(result, 126)
                self.assertIn("run.oci.", result.err)
            finally:
                subprocess.run(["podman", "rmi", "--force", self.firewall], capture_output=True, check=False)
                run("podman", "load", "--quiet", "--input", f"{directory}/before.tar")
                run("podman", "tag", self.firewall, *names)
                self.pin(self.firewall)
        self.assertCode(self.in_box("true"), 0)

    def test_a_different_image_under_our_tag_is_not_started(self):
        tag = next(entry["tag"] for entry in json.loads(STATE.read_text())["images"] if entry["id"] == self.image)
        other = self.derived("COPY Containerfile /hostile")
        run("podman", "tag", other, tag)
        STATE.unlink()  # a cache, which may be lost
        result = self.in_box("test ! -e /hostile && echo clean")
        self.assertCode(result, 0)
        self.assertIn("clean", result.out)
        self.assertIn(f"not using the image {tag} in Podman's store: agentbox neither built nor pulled it", result.err)
        run("podman", "image", "exists", other)  # it has the labels of ours, but is the user's
        run("podman", "tag", self.firewall, tag)  # pinned, but under another name
        again = self.in_box("test ! -e /hostile && echo clean")
        self.assertIn("clean", again.out, "the image that was built, although it lost its name")
        self.assertNotIn("not using", again.err)
        self.assertCode(self.agentbox("build"), 0)
        self.assertNotEqual(run("podman", "image", "inspect", "--format", "{{.Id}}", tag).strip(), self.firewall)

    @contextlib.contextmanager
    def containers_conf(self, text):
        before = CONFIG.read_text() if CONFIG.exists() else None
        CONFIG.parent.mkdir(parents=True, exist_ok=True)
        CONFIG.write_text((before or "") + text)
        try:
            yield
        finally:
            CONFIG.unlink() if before is None else CONFIG.write_text(before)

    def test_a_containers_conf_that_adds_something_is_refused(self):
        directory = pathlib.Path(tempfile.mkdtemp(dir=HOME))
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        for text, named in [('env = ["EVIL=1"]', "EVIL"), (f'volumes = ["{directory}:/evil"]', "/evil"), ('devices = ["/dev/fuse"]', "fuse"),
                            ('default_capabilities = ["CHOWN", "NET_ADMIN"]', "NET_ADMIN"), ('default_sysctls = ["net.ipv4.ip_forward=1"]', "ip_forward"),
                            ('annotations = ["run.oci.keep_original_groups=1"]', "run.oci"), ('netns = "host"', ""), ('ipcns = "host"', ""),
                            ('pidns = "host"', "pid"), ('cgroupns = "host"', "cgroup"), ('utsns = "host"', ""), ('init = true', ""),
                            ('env_host = true', ""), ('seccomp_profile = "unconfined"', "")]:
            with self.subTest(text=text), self.containers_conf(f"\n[containers]\n{text}\n"):
                result = self.in_box(LOOK + LINKS, HTTP_PROXY="http://evil.example", EVIL_OF_HOST="1")
                if result.code == 0:  # it had no effect
                    for name in NAMESPACES:
                        self.assertIn(f"{name}:[", result.out)
                        self.assertNotIn(os.readlink(f"/proc/self/ns/{name}"), result.out, "the host's namespace")
                    self.assertNotIn("EVIL", result.out)
                    self.assertNotIn("evil", result.out)
                    self.assertIn("Seccomp:\t2", result.out)
                    self.assertIn("CapBnd:\t0000000000000000", result.out)
                else:
                    self.assertIn(result.code, (125, 126), str(result))
                    self.assertIn(named, result.err)

    def test_other_hooks_do_not_run_after_ours(self):
        directory = pathlib.Path(tempfile.mkdtemp(dir=HOME))
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        (directory / "evil").write_text(f"#!/bin/sh\ntouch {directory}/ran\ncat\n")
        (directory / "evil").chmod(0o755)
        (directory / "zz.json").write_text(json.dumps({"version": "1.0.0", "hook": {"path": str(directory / "evil")}, "when": {"always": True},
                                                    "stages": ["precreate"]}))
        with self.containers_conf(f'\n[engine]\nhooks_dir = ["{directory}"]\n'):
            self.assertCode(self.in_box("true"), 0)
        self.assertFalse((directory / "ran").exists())
