# SPDX-License-Identifier: Apache-2.0
"""Fixture of the image cases: scratch directories, a developer with secrets, small stand-ins for the agents."""
import atexit
import base64
import functools
import hashlib
import http.server
import io
import json
import os
import pathlib
import platform
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time

PREFIX = pathlib.Path(os.environ["PREFIX"])
TINY = os.environ.get("TINY")
AGENTBOX = PREFIX / "bin/agentbox"
HOME = pathlib.Path(os.environ["HOME"])
SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="agentbox-image-", dir=HOME))
# A short path: below a long one Podman 4.3 does not notice the end of a container, and waits 20 s for each.
RUNTIME = pathlib.Path(tempfile.mkdtemp(prefix="image-", dir=os.environ.get("XDG_RUNTIME_DIR", HOME)))
SMALL = SCRATCH / "small"
LOCK = json.loads((PREFIX / "share/agentbox/containerfiles/agent/agents.lock.json").read_text())["agents"]

# Secrets that must never get into an image. Concatenated, so that no scanner reports this file as a leak.
CANARIES = {
    "variable": "sk-" + "canary-0123456789abcdefghijklmnop",
    "token": "ghp" + "_canary0123456789canary0123456789abcd",
    "npmrc": "npm" + "_canary0123456789canary0123456789abcd",
    "key": "canary+private+key+0123456789+0123456789+0123456789",
}


def environment(**more):
    """Returns the environment of a developer, with secrets in it."""
    kept = {name: value for name, value in os.environ.items()
            if name in ("PATH", "USER", "LOGNAME", "DBUS_SESSION_BUS_ADDRESS", "LANG", "TERM",
                        "SSL_CERT_FILE", "npm_config_registry") or name.lower().endswith("_proxy")}
    return {**kept, "HOME": str(SCRATCH / "home"), "XDG_DATA_HOME": str(SCRATCH / "data"), "XDG_CACHE_HOME": str(SCRATCH / "cache"),
            "XDG_STATE_HOME": str(SCRATCH / "state"), "XDG_CONFIG_HOME": str(HOME / ".config"),
            "XDG_RUNTIME_DIR": str(RUNTIME),
            "OPENAI_API_KEY": CANARIES["variable"], "ANTHROPIC_API_KEY": CANARIES["variable"],
            "GITHUB_TOKEN": CANARIES["token"], **{name: str(value) for name, value in more.items()}}


def run(*words, cwd=None, **more):
    start = time.monotonic()
    result = subprocess.run([str(word) for word in words], cwd=cwd or SCRATCH / "project", env=environment(**more), text=True,
                            stdin=subprocess.DEVNULL, capture_output=True, check=False)
    result.seconds = time.monotonic() - start
    return result


def podman(*words, **more):
    result = run("podman", *words, **more)
    if result.returncode:
        raise AssertionError(f"podman {words}: {result.stderr}")
    return result.stdout


def images(**more):
    return sorted(podman("images", "--all", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}", **more).split("\n"))


def in_image(image, script, *options):
    return run("podman", "run", "--rm", "--pull=never", "--network=none", "--cap-drop=all", "--security-opt=no-new-privileges",
               "--userns=keep-id:uid=1000,gid=1000", "--entrypoint=/bin/sh", *options, image, "-c", script)


def make_ca():
    """Makes a copy of the host's CA bundle with an additional CA. Returns its path, and the lines of that CA."""
    own = SCRATCH / "own-ca.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=canary CA",
                    "-keyout", SCRATCH / "own-ca.key", "-out", own], check=True, capture_output=True)
    host = pathlib.Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
    bundle = SCRATCH / "bundle.pem"
    bundle.write_text((host.read_text() if host.exists() else "") + own.read_text())
    return bundle, [line for line in own.read_text().splitlines() if len(line) == 64]


@functools.cache
def exported_base():
    """Exports the bootstrapped base's files, one time for all cases."""
    container = podman("create", "--network=none", "localhost/agentbox/base:debian-bookworm", "true").strip()
    podman("export", "--output", SCRATCH / "base.tar", container)
    podman("rm", container)
    return SCRATCH / "base.tar"


def tarball(name, files):
    """Makes a tarball with `files`, {name: bytes}."""
    with tarfile.open(SCRATCH / name, "w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return SCRATCH / name


def base_tarball(name, change, more=()):
    """Makes a tarball of the base image's files: `change` gets each file's name and content, `more` are added."""
    with tarfile.open(exported_base()) as old, tarfile.open(SCRATCH / name, "w") as new:
        for member in old:
            content = old.extractfile(member).read() if member.isfile() else b""
            changed = change(member.name, content) if member.isfile() else b""
            member.size = len(changed)
            new.addfile(member, io.BytesIO(changed))
        for path, content in more:
            member = tarfile.TarInfo(path)
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return SCRATCH / name


class Registry:
    """An npm registry with small stand-ins for the agents, for what needs no real ones, and an installation of agentbox
    with a short list of packages to go with it. So rebuilding costs only seconds."""

    def __init__(self):
        (SCRATCH / "npm").mkdir()
        shutil.copytree(PREFIX, SMALL, symlinks=True, ignore=shutil.ignore_patterns("tiny*", "cases"))
        (SMALL / "share/agentbox/containerfiles/agent/packages/apt.txt").write_text("jq\n")
        handler = functools.partial(self.Handler, directory=str(SCRATCH / "npm"))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{server.server_port}"
        self.publish("1.0.0")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    def publish(self, version):
        """Publishes both agents as `version`, and pins them."""
        arm = platform.machine() == "aarch64"
        triple = f"{'aarch64' if arm else 'x86_64'}-unknown-linux-musl"
        agents = {}
        for agent, program in {"codex": f"package/vendor/{triple}/bin/codex", "claude": "package/claude"}.items():
            content = f"#!/bin/sh\necho {agent} {version}\n".encode()
            directory = SCRATCH / f"npm/{agent}/-"
            directory.mkdir(parents=True, exist_ok=True)
            with tarfile.open(directory / f"{agent}-{version}.tgz", "w:gz") as archive:
                member = tarfile.TarInfo(program)
                member.size, member.mode = len(content), 0o755
                archive.addfile(member, io.BytesIO(content))
            digest = hashlib.sha512((directory / f"{agent}-{version}.tgz").read_bytes()).digest()
            package = {"name": agent, "version": version, "integrity": "sha512-" + base64.b64encode(digest).decode()}
            agents[agent] = {"version": version, "packages": {"linux-arm64" if arm else "linux-x64": package}}
        lock = SMALL / "share/agentbox/containerfiles/agent/agents.lock.json"
        lock.write_text(json.dumps({"version": 1, "agents": agents}))

    def publish_own(self, package, files, **members):
        """Publishes version 1.0.0 of `package`, for an agent of a configuration, without a signature."""
        directory = SCRATCH / f"npm/{package}"
        (directory / "-").mkdir(parents=True, exist_ok=True)
        path = directory / f"-/{package.rsplit('/', maxsplit=1)[-1]}-1.0.0.tgz"
        with tarfile.open(path, "w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(f"package/{name}")
                member.size, member.mode = len(content), 0o755
                archive.addfile(member, io.BytesIO(content))
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
        described = {"name": package, "version": "1.0.0", "dist": {"integrity": integrity}, **members}
        (directory / "1.0.0").write_text(json.dumps(described))
        return {"name": package, "version": "1.0.0", "integrity": integrity}

    def build(self, *words, **more):
        return run(SMALL / "bin/agentbox", "build", *words, **{"npm_config_registry": self.address, **more})


def remove_room():
    for data in (SCRATCH / "data", *([pathlib.Path(TINY) / "store"] if TINY else [])):
        where = {"cwd": "/", "XDG_DATA_HOME": data}
        run("podman", "rm", "--all", "--force", **where)
        run("podman", "rmi", "--all", "--force", **where)
        run("podman", "system", "migrate", **where)  # ends Podman's pause process, which may hold mounts
        run("podman", "unshare", "rm", "-rf", data, **where)
        run("podman", "system", "migrate", **where)
    shutil.rmtree(SCRATCH, ignore_errors=True)
    shutil.rmtree(RUNTIME, ignore_errors=True)


def prepare():
    atexit.register(remove_room)
    for directory in ("home/.ssh", "project", "data", "cache", "state"):
        (SCRATCH / directory).mkdir(parents=True)
    (SCRATCH / "home/.npmrc").write_text("//registry.npmjs.org/:_auth" + f"Token={CANARIES['npmrc']}\n")
    (SCRATCH / "home/.ssh/id_ed25519").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n" + CANARIES["key"] + "\n")
