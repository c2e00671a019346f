#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds real images with the programs of a build directory, as an ordinary user, and examines them.

usage: run_image_cases.py BUILD-DIRECTORY [CASE...]

As root it becomes the user agentbox-image (tests/host/enter); any other user runs the tests as themselves. Podman's
store, caches and state are in the test's own directories, which are removed at the end."""
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
HOST = HERE.parent.parent / "host"
USER = "agentbox-image"


def install(build, prefix):
    """Copies the built programs and their data to a directory that any user can read."""
    for program in ("bin/agentbox", *(f"libexec/agentbox/{name}" for name in
                                      ("agent-entrypoint", "agentbox-firewall", "agentbox-hook", "agentbox-nft"))):
        (prefix / program).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["strip", "-o", prefix / program, build / program], check=True)
        (prefix / program).chmod(0o755)
    shutil.copytree(build / "share/agentbox/containerfiles", prefix / "share/agentbox/containerfiles")
    shutil.copytree(HERE, prefix / "cases")
    shutil.copy(HERE.parent / "suite_runner.py", prefix / "cases")
    subprocess.run(["chmod", "-R", "a+rX", prefix], check=True)


def small_file_systems(tiny):
    """Mounts a file system that is too small, and one for Podman's layers that a build fills. Returns False on failure."""
    layers = tiny / "store/containers/storage/overlay"
    (tiny / "cache").mkdir(parents=True)
    layers.mkdir(parents=True)
    subprocess.run(["chown", "-R", USER, tiny], check=True)
    for directory, size in ((tiny / "cache", "64m"), (layers, "400m")):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs", directory], check=False).returncode:
            return False
    return True


def main():
    if not shutil.which("mmdebstrap") or not shutil.which("podman"):
        print("skipped: podman or mmdebstrap is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    build, cases = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    prefix = pathlib.Path("/var/tmp") / f"agentbox-image-{os.getpid()}"
    tiny = prefix / "tiny"
    prefix.mkdir(mode=0o755)
    become, small = [], False
    try:
        install(build, prefix)
        if os.geteuid() == 0:
            become = ["bash", str(HOST / "enter"), USER]
            subprocess.run(["bash", str(HOST / "make-user"), USER], check=True)
            small = small_file_systems(tiny)
        environment = {**os.environ, "PREFIX": str(prefix), "TINY": str(tiny) if small else ""}
        return subprocess.run([*become, "/usr/bin/python3", str(prefix / "cases/image_cases.py"), *cases], env=environment,
                              cwd="/", check=False).returncode
    finally:
        for mount in (tiny / "cache", tiny / "store/containers/storage/overlay"):
            subprocess.run(["umount", "--quiet", mount], check=False)
        subprocess.run(["chmod", "-R", "u+w", prefix], check=False)
        shutil.rmtree(prefix, ignore_errors=True)


sys.exit(main())
