# SPDX-License-Identifier: Apache-2.0
"""Runs the programs of proofs.toml in empty projects, once without and once with the named file.

usage: prove.py [NAME...]      in the root filesystem that `run` makes, as root; NAME: only proofs of names that contain it
Prints a line for each name; ends with `N passed, N failed`.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
DEVELOPER = 1000
PATIENCE = 60
EVIL = "#!/bin/sh\ntouch @PROOF@\n"


class Project:
    """An empty project of a developer with an empty home directory."""

    def __init__(self, proof):
        self.proof = proof
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="proof-"))
        self.marker = self.base / "proof"
        self.directory = self.base / "project"
        self.home = self.base / "home"
        self.directory.mkdir()
        self.home.mkdir()
        for name, text in proof.get("home", {}).items():
            self.write(self.home / name, text)
        if proof.get("script"):
            self.write(self.directory / "evil", EVIL, 0o755)
        self.own()
        if "setup" in proof:
            self.run(proof["setup"], check=True)

    def own(self):
        subprocess.run(["chown", "-R", f"{DEVELOPER}:{DEVELOPER}", self.base], check=True)

    def write(self, path, text, mode=0o644):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.filled(text))
        path.chmod(mode)

    def filled(self, text):
        return text.replace("@PROOF@", str(self.marker))

    def put(self, name):
        """Writes the named file."""
        text = self.proof.get("content_of", {}).get(name.rpartition(".")[2]) or self.proof["content"]
        self.write(self.directory / name, text, 0o755 if text.startswith("#!") else 0o644)
        self.own()

    def run(self, command, check=False):
        """Returns what the command, run by the developer in the project, printed."""
        words = ["/bin/sh", "-c", self.filled(command)]
        if self.proof.get("terminal"):
            words = ["script", "--quiet", "--return", "--command", self.filled(command), "/dev/null"]
        variables = {"HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8", "USER": "developer",
                     "SHELL": "/bin/sh", "NODE_PATH": "/usr/local/lib/node_modules"}
        process = subprocess.Popen(
            ["setpriv", f"--reuid={DEVELOPER}", f"--regid={DEVELOPER}", "--clear-groups", *words], cwd=self.directory,
            env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            text = process.communicate(timeout=PATIENCE)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:  # an agent that waits for its vendor
            os.killpg(process.pid, signal.SIGKILL)
            text = f"ended after {PATIENCE} s\n" + process.communicate()[0].decode(errors="replace")
        if check and process.returncode:
            raise RuntimeError(f"{command}: {process.returncode}\n{text}")
        return text


def problem_of(proof, name):
    """Returns why the file is not proven to act, or None."""
    projects = []
    try:
        for with_file in (False, True):
            project = Project(proof)
            projects.append(project)
            if with_file:
                project.put(name)
            printed = project.run(proof["command"])
            if project.marker.exists() != with_file:
                return ("nothing happened" if with_file else "it happens without the file") + f"\n{printed[-2000:]}"
    except RuntimeError as error:
        return str(error)
    finally:
        for project in projects:
            shutil.rmtree(project.base, ignore_errors=True)
    return None


def main():
    proofs = tomllib.loads((HERE / "proofs.toml").read_text())["proof"]
    passed = failed = 0
    for proof in proofs:
        for name in proof["names"]:
            if len(sys.argv) > 1 and not any(word in name for word in sys.argv[1:]):
                continue
            problem = problem_of(proof, name)
            if problem is None:
                passed += 1
                print(f"ok       {name}", flush=True)
            else:
                failed += 1
                print(f"FAILED   {name}: {problem}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
