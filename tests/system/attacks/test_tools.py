# SPDX-License-Identifier: Apache-2.0
"""The tools of developers and agents work under the box's filter, except for those that the README names. The tools are the
host's, run under the filter that a box would get: an image with all of them would take minutes to build."""
import json
import shutil
import subprocess
import tempfile
import pathlib

from box import PATIENCE, SystemTest

UNDER_FILTER = pathlib.Path(__file__).parent / "under_filter.py"
C_PROGRAM = "#include <pthread.h>\n#include <stdio.h>\nstatic void *f(void *p) { return p; }\n" \
            "int main(void) { pthread_t t; pthread_create(&t, 0, f, 0); pthread_join(t, 0); puts(\"made\"); }\n"
# tool -> (script, its last output). All installed tools are tried; those of ALWAYS are in every developer's box.
WORK = {
    "git": ("git init -q repo && cd repo && touch a && git add a && git -c user.name=a -c user.email=a@b commit -qm made && git log --format=%s", "made"),
    "ssh-keygen": ("ssh-keygen -q -t ed25519 -N '' -f key && ssh-keygen -lf key >/dev/null && ssh -V 2>/dev/null; echo made", "made"),
    "curl": ("curl --version >/dev/null && curl -s file:///etc/hostname >/dev/null && echo made", "made"),
    "python3": ("/usr/bin/python3 -c 'import asyncio, multiprocessing, ssl, sqlite3, subprocess, threading\n"
                "with multiprocessing.Pool(2) as pool: pool.map(abs, [1])\nasyncio.run(asyncio.sleep(0))\n"
                "print(subprocess.check_output([\"echo\", \"made\"], text=True).strip())'", "made"),
    "gcc": ("gcc -pthread x.c -o x && ./x", "made"),
    "g++": ("g++ -pthread -x c++ x.c -o x && ./x", "made"),
    "clang": ("clang -pthread x.c -o x && ./x", "made"),
    "node": ("node -e 'const {Worker} = require(\"worker_threads\"); require(\"child_process\").execSync(\"true\");"
             " new Worker(\"1\", {eval: true}).on(\"exit\", () => console.log(\"made\"))'", "made"),
    "npm": ("npm --version >/dev/null && echo made", "made"),
    "go": ("printf 'package main\\nfunc main() { println(\"made\") }\\n' >x.go && go run x.go 2>&1", "made"),
    "rustc": ("printf 'fn main() { std::thread::spawn(|| println!(\"made\")).join().unwrap(); }' >x.rs && rustc x.rs -o x && ./x", "made"),
    # The README's switch: its own sandbox needs user namespaces.
    "chromium": ("printf '<script>document.write(\"ma\" + \"de\")</script>' >x.html && chromium --headless --no-sandbox --disable-gpu"
                 " --user-data-dir=$PWD/profile --dump-dom file://$PWD/x.html 2>/dev/null | grep -o made | tail -n 1", "made"),
    "make": ("printf 'all:\\n\\t@echo made\\n' >Makefile && make -j2", "made"),
}
ALWAYS = {"git", "ssh-keygen", "curl", "python3", "g++", "make"}
# Programs that, according to the README, do not work, and what stops them.
DO_NOT_WORK = {
    "unshare": ("unshare --user true", "Operation not permitted"),
    "gdb": ("gdb -batch -ex run /bin/true 2>&1", "Operation not permitted"),
    "strace": ("strace -o /dev/null /bin/true 2>&1", "Operation not permitted"),
}


class Tools(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.directory)

    def under_the_filter(self, script):
        profile = self.directory / "profile.json"
        if not profile.exists():
            plan = json.loads(self.agentbox("run", "--dry-run", "--json", "--", "true").out)
            config = next(step["content"] for step in plan["steps"] if step.get("path", "").endswith("/agent.json"))
            profile.write_text(json.dumps(json.loads(config)["linux"]["seccomp"]))
        (self.workspace / "x.c").write_text(C_PROGRAM)
        return subprocess.run(["/usr/bin/python3", UNDER_FILTER, profile, "/bin/sh", "-c", script], cwd=self.workspace, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=120, check=False)

    def test_what_works(self):
        tried = set()
        for tool, (script, end) in WORK.items():
            if shutil.which(tool):
                with self.subTest(tool=tool):
                    done = self.under_the_filter(script)
                    self.assertTrue(done.stdout.strip().endswith(end), done.stdout + done.stderr)
                tried.add(tool)
        self.assertLessEqual(ALWAYS, tried)

    def test_what_does_not(self):
        for tool, (script, why) in DO_NOT_WORK.items():
            if shutil.which(tool):
                with self.subTest(tool=tool):
                    done = self.under_the_filter(script)
                    self.assertIn(why, done.stdout + done.stderr)
                    if tool != "unshare":  # the control: without the filter it works
                        plain = subprocess.run(["/bin/sh", "-c", script], text=True, capture_output=True, check=False, timeout=PATIENCE)
                        self.assertNotIn(why, plain.stdout + plain.stderr)
