#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds real images with the programs of a build folder, as an ordinary user, and looks into them.

usage: run_for_real.py BUILD-FOLDER [CASE...]

As root it becomes the user agentbox-image (tests/host/enter); anyone else runs the tests as he is. Podman's store,
caches and state are folders of the test's own and gone afterwards."""
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
HOST = HERE.parent.parent / "host"
USER = "agentbox-image"


def install(build, prefix):
    """The built programs and their data where any user can read them."""
    for program in ("bin/agentbox", "libexec/agentbox/agent-entrypoint", "libexec/agentbox/agentbox-firewall"):
        (prefix / program).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["strip", "-o", prefix / program, build / program], check=True)
        (prefix / program).chmod(0o755)
    shutil.copytree(build / "share/agentbox/containerfiles", prefix / "share/agentbox/containerfiles")
    shutil.copytree(HERE, prefix / "cases")
    subprocess.run(["chmod", "-R", "a+rX", prefix], check=True)


def main():
    if not shutil.which("mmdebstrap") or not shutil.which("podman"):
        print("skipped: podman or mmdebstrap is not installed")
        return 77
    build, cases = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    prefix = pathlib.Path("/var/tmp") / f"agentbox-image-{os.getpid()}"
    tiny = prefix / "tiny"
    prefix.mkdir(mode=0o755)
    become, mounted = [], False
    try:
        install(build, prefix)
        if os.geteuid() == 0:
            become = ["bash", str(HOST / "enter"), USER]
            subprocess.run(["bash", str(HOST / "make-user"), USER], check=True)
            tiny.mkdir()
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=1777", "tmpfs", tiny]).returncode == 0
        environment = {**os.environ, "PREFIX": str(prefix), "TINY": str(tiny) if mounted else ""}
        return subprocess.run([*become, "/usr/bin/python3", str(prefix / "cases/image_cases.py"), *cases], env=environment,
                              cwd="/").returncode
    finally:
        if mounted:
            subprocess.run(["umount", tiny])
        subprocess.run(["chmod", "-R", "u+w", prefix])
        shutil.rmtree(prefix, ignore_errors=True)


sys.exit(main())
