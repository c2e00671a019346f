# SPDX-License-Identifier: Apache-2.0
"""One policy, every output format: the same box through `agentbox run`, `podman kube play`, Quadlet and `crun run`, compared by a
probe that examines it from inside, and by its ruleset."""
import contextlib
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile

from box import HERE, HOME, PATIENCE, SystemTest, podman, wait_until

NAME = "format"
# The box's command: writes its fingerprint to the workspace, and waits until the test lets it end.
LOOK = """\
./probe_fingerprint >fingerprint.new
./probe_attempt | sed 's/^/syscall /' >>fingerprint.new
for host in api.openai.com evil.example.com; do
    echo "https $host $(curl --silent --output /dev/null --max-time 10 --insecure --write-out '%{http_code}' https://$host/)"
done >>fingerprint.new
mv fingerprint.new fingerprint
while ! test -e done; do sleep 0.05; done
"""
COMMAND = ["/bin/sh", "-c", LOOK]

# The lines that may differ from those of `agentbox run`, and why. Everything else must be equal.
PODMANS_OWN_FILES = r"mount (/etc/hostname|/run/\.containerenv|/run/\.nopodman) "
# box.json is kept current by `agentbox run`.
BOX_FILE = r"(mount|create) /run/agentbox "
DIFFERENCES = {
    "kube": [
        r"mount /workspace/\.git/commondir ",  # as for bundles, below
        # Kubernetes' pods share the IPC namespace: /dev/mqueue is the pod's, with the pod's options. Nothing else in
        # the pod uses it.
        r"mount /dev/mqueue ",
        # Podman gives runAsGroup as a supplementary group as well: the same group twice.
        r"status\.Groups ",
        # Podman makes these files itself, and mounts them without options.
        PODMANS_OWN_FILES,
        # Podman gives the memory there the mode of the image's directory, and on some bases that is root's alone.
        r"create /dev/shm ",
        BOX_FILE,
    ],
    "crun": [
        # Only the launcher creates missing paths of a repository; the files protect existing ones.
        r"mount /workspace/\.git/commondir ",
        PODMANS_OWN_FILES,
        BOX_FILE,
        # Podman 5 hides /sys/kernel where a container joins the network of another.
        r"mount /sys/kernel tmpfs ro ",
    ],
}
# `agentbox run` has its files in the runtime directory, which may be memory; the sets are where the user put them. Apart from
# that the lines are the same: read-only, nosuid, nodev, noexec.
WHERE_FILES_LIE = [r"mount /etc/(hosts|resolv\.conf) (disk|tmpfs) ro nosuid nodev noexec "]
# The launcher's time zone is that of its host; the files are for any.
OF_THE_HOST = [r"env TZ$"]
# crun before 1.9 loses nosuid and nodev of writable binds without recursive flags, which Podman cannot express. In a box
# without capabilities and with no_new_privs neither has an effect.
OLD_CRUN = [r"mount /workspace disk", r"mount /workspace/\.git disk"]
# Podman 5's kube play mounts its own tmpfs in addition to ours on /tmp and /run, and on /var/tmp (containers/podman:
# ReadWriteTmpfs, though the root is writable), in no fixed order: in memory like ours, but bounded only by the kernel's default
# and the container's memory limit. It masks more than older versions, sets TERM, and mounts /dev without noexec, where
# nobody but root of the box can make a file.
PODMAN_5 = [r"mount (/tmp|/run|/var/tmp) tmpfs rw nosuid nodev (noexec )?bytes=", r"create /run ",
            r"mount /dev tmpfs rw nosuid (noexec )?bytes=", r"mount /sys/", r"mount /proc/", r"masked ", r"env TERM$"]


def command(words, **more):
    """Returns a command's output; raises AssertionError with all of it if the command fails."""
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL, **more)
    if done.returncode:
        raise AssertionError(f"{words} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def command_lines(program):
    """Returns those command lines of running processes that contain `program`."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes())
    return [line for line in found if program.encode() in line]


def podman_version():
    return tuple(int(part) for part in podman("version", "--format", "{{.Client.Version}}")[0].split("-")[0].split("."))


def crun_version():
    text = subprocess.run(["crun", "--version"], check=True, capture_output=True, text=True).stdout
    return tuple(int(part) for part in re.search(r"version (\d+)\.(\d+)", text).groups())


def without_counters(value):
    """Returns a ruleset as nft prints it, without counters and handles."""
    if isinstance(value, dict):
        return {key: without_counters(item) for key, item in value.items() if key not in ("handle", "packets", "bytes", "metainfo", "position")}
    if isinstance(value, list):
        return [without_counters(item) for item in value]
    return value


def ruleset_digest(pid):
    """Returns a digest of the ruleset in the network namespace of `pid`, as root of its user namespace sees it."""
    text = command(["nsenter", "--target", str(pid), "--user", "--net", "nft", "--json", "list", "ruleset"])
    rules = without_counters(json.loads(text))
    assert len(rules["nftables"]) > 5, text
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()


class Formats(SystemTest):
    def setUp(self):
        super().setUp()
        (self.workspace / ".git" / "hooks").mkdir(parents=True)
        (self.workspace / ".git" / "config").touch()
        for probe in ("probe_fingerprint", "probe_attempt"):
            shutil.copy(HERE / "probes" / probe, self.workspace)
        self.sets = pathlib.Path(tempfile.mkdtemp(prefix="sets-", dir=HOME / "work"))
        self.addCleanup(subprocess.run, ["podman", "unshare", "rm", "-rf", self.sets], check=False)

    def generate(self, form, *more):
        directory = self.sets / form
        result = self.agentbox("generate", form, "--name", NAME, "--output", directory, *more, "--", *COMMAND, timeout=300)
        self.assertCode(result, 0)
        return directory

    def look(self, pid_of, process=None):
        """Returns the fingerprint that the box left, with its ruleset; then lets it end. Fails if `process` ends first."""
        result = self.workspace / "fingerprint"
        wait_until(lambda: result.exists() or (process and process.poll() is not None), "the probe's result")
        assert result.exists(), "the box ended without a result"
        lines = set(result.read_text().splitlines())
        lines.add("ruleset " + ruleset_digest(pid_of()))
        (self.workspace / "done").touch()
        return lines

    def clear(self):
        for name in ("fingerprint", "done"):
            (self.workspace / name).unlink(missing_ok=True)

    def by_run(self):
        process = self.start("run", "--name", NAME, "--", *COMMAND)
        try:
            lines = self.look(lambda: podman("inspect", f"agentbox-{NAME}-agent", "--format", "{{.State.Pid}}")[0], process)
        finally:
            (self.workspace / "done").touch()
        self.assertEqual(process.wait(PATIENCE), 0, process.stderr.read())
        self.clear()
        return lines

    def by_commands(self, start, stop, environment=None):
        """Returns the fingerprint of a box that two commands start and stop."""
        try:
            command(start, env=environment)
            return self.look(lambda: podman("inspect", f"agentbox-{NAME}-agent", "--format", "{{.State.Pid}}")[0])
        except AssertionError as error:
            logs = [subprocess.run(["podman", "logs", f"agentbox-{NAME}-{part}"], capture_output=True, text=True, check=False)
                    for part in ("lock", "firewall", "agent")]
            raise AssertionError(f"{error}: {[log.stdout + log.stderr for log in logs]}") from error
        finally:
            (self.workspace / "done").touch()
            for words in stop:
                subprocess.run(words, check=False, capture_output=True, timeout=PATIENCE, env=environment)
            self.clear()

    def by_kube(self):
        header = dict(re.findall(r"^# (\w+): +(\S.*)$", (self.generate("kube") / "pod.yaml").read_text(), re.MULTILINE))
        return self.by_commands(shlex.split(header["Start"]), [shlex.split(header["Stop"]), shlex.split(header["Remove"])])

    def by_quadlet(self, generator):
        directory = self.generate("quadlet")
        environment = {**os.environ, "QUADLET_UNIT_DIRS": str(directory)}
        units = command([generator, "--user", "--dryrun"], env=environment)
        self.assertIn(f"agentbox-{NAME}.service", units)
        self.assertIn("WantedBy=default.target", units)
        if podman_version() >= (5, 3):  # it waits for the network in every user's unit that does not disable this
            self.assertNotRegex(units, r"(?m)^(After|Wants)=.*network-online")
        unit = dict(re.findall(r"^(ExecStart|ExecStopPost)=(.+)$", units, re.MULTILINE))
        header = dict(re.findall(r"^# (\w+): +(\S.*)$", (directory / "pod.yaml").read_text(), re.MULTILINE))
        start = [word.replace("%%", "%") for word in shlex.split(unit["ExecStart"])]
        start = [word for word in start if not word.startswith("--service-")]  # talks to systemd
        self.assertIn("--service-exit-code-propagation=any", units)
        return self.by_commands(start, [shlex.split(unit["ExecStopPost"]), shlex.split(header["Remove"])])

    def by_crun(self):
        directory = self.generate("oci")
        process = subprocess.Popen([directory / "start"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            lines = self.look(lambda: (directory / "firewall.pid").read_text(), process)
        except AssertionError as error:
            process.terminate()
            log = directory / "uplink.log"
            raise AssertionError(f"{error}: {process.stdout.read()}{log.exists() and log.read_text()}") from error
        self.assertEqual(process.wait(PATIENCE), 0, process.stdout.read())
        self.clear()
        return lines

    def assertSame(self, way, expected, found, allowed):
        differing = sorted(f"- {line}" for line in expected - found) + sorted(f"+ {line}" for line in found - expected)
        self.assertRefusedAlike(found)
        patterns = [*allowed, *WHERE_FILES_LIE, *OF_THE_HOST]
        unexplained = [line for line in differing if not any(re.match(pattern, line[2:]) for pattern in patterns)]
        self.assertEqual(unexplained, [], f"{way}: the box differs from that of agentbox run")

    def assertRefusedAlike(self, lines):
        """Unlisted hosts are refused by the firewall, not because of a missing route, which depends on the uplink."""
        for address in ("192.0.2.1 9", "1.1.1.1 443", "203.0.113.5 443", "169.254.169.254 80", "10.0.2.2 22", "192.168.0.1 80",
                        "2001:db8::1 443", "::ffff:1.1.1.1 443"):
            self.assertIn(f"connect {address} ECONNREFUSED", lines)
        self.assertEqual([line for line in lines if "ENETUNREACH" in line], [])

    def test_every_format_gives_the_same_box(self):
        expected = self.by_run()
        self.assertGreater(len(expected), 150)
        self.assertIn("status.NoNewPrivs 1", expected)
        self.assertIn("processes limited to about 512", expected)
        self.assertIn("dns unlisted A code 3 answers 0", expected)
        self.assertIn("https evil.example.com 000", expected)
        self.assertRefusedAlike(expected)
        reached = [line for line in expected if line.startswith("https api.openai.com ")]
        self.assertNotEqual(reached, ["https api.openai.com 000"])
        pods = DIFFERENCES["kube"] + (PODMAN_5 if podman_version() >= (5,) else []) + (OLD_CRUN if crun_version() < (1, 9) else [])
        with self.subTest("podman kube play"):
            self.assertSame("podman kube play", expected, self.by_kube(), pods)
        with self.subTest("crun run"):
            self.assertSame("crun run", expected, self.by_crun(), DIFFERENCES["crun"])
        generators = [path for path in ("/usr/libexec/podman/quadlet", "/usr/lib/podman/quadlet") if os.access(path, os.X_OK)]
        if podman_version() >= (4, 4):  # Podman 4.3 has no Quadlet
            with self.subTest("Quadlet"):
                self.assertTrue(generators, "Podman's Quadlet generator is not installed")
                self.assertSame("Quadlet", expected, self.by_quadlet(generators[0]), pods)

    def test_a_box_without_its_firewall_does_not_start(self):
        """The positive control is above: the same files, with the firewall, start."""
        directory = self.generate("kube")
        manifest = directory / "pod.yaml"
        # The sidecar answers with a nonce that the agent does not expect.
        text = manifest.read_text()
        nonce = re.search(r'AGENTBOX_GATE, value: "?([0-9a-f]{32})', text).group(1)
        manifest.write_text(text.replace(f'value: "{nonce}"', f'value: "{nonce[::-1]}"').replace(f"value: {nonce}", f"value: {nonce[::-1]}"))
        header = dict(re.findall(r"^# (\w+): +(\S.*)$", text, re.MULTILINE))
        try:
            command(shlex.split(header["Start"]))
            code = command(["podman", "wait", f"agentbox-{NAME}-agent"]).strip()
            self.assertEqual(code, "126")
            self.assertFalse((self.workspace / "fingerprint").exists())
            self.assertFalse((self.workspace / "fingerprint.new").exists())
        finally:
            for line in (header["Stop"], header["Remove"]):
                subprocess.run(shlex.split(line), check=False, capture_output=True, timeout=PATIENCE)

    def test_a_box_ends_with_its_firewall(self):
        """No launcher watches it. The positive control is above: with the firewall, the same box runs until it is told to end."""
        header = dict(re.findall(r"^# (\w+): +(\S.*)$", (self.generate("kube") / "pod.yaml").read_text(), re.MULTILINE))
        agent = f"agentbox-{NAME}-agent"
        try:
            command(shlex.split(header["Start"]))
            wait_until(lambda: (self.workspace / "fingerprint").exists(), "the probe's result")
            command(["podman", "kill", f"agentbox-{NAME}-firewall"])
            self.assertEqual(command(["podman", "wait", agent]).strip(), "125")
            logs = subprocess.run(["podman", "logs", agent], capture_output=True, text=True, check=False)
            self.assertIn("the firewall has ended", logs.stdout + logs.stderr)
        finally:
            for line in (header["Stop"], header["Remove"]):
                subprocess.run(shlex.split(line), check=False, capture_output=True, timeout=PATIENCE)
        self.clear()
        directory = self.generate("oci")
        process = subprocess.Popen([directory / "start"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_until(lambda: (self.workspace / "fingerprint").exists() or process.poll() is not None, "the probe's result")
        os.kill(int((directory / "firewall.pid").read_text()), signal.SIGKILL)
        text, _ = process.communicate(timeout=PATIENCE)
        self.assertIn("the firewall has ended", text)
        self.assertEqual(process.returncode, 125)

    def test_a_credential_comes_from_podmans_store_and_is_in_no_file(self):
        directory, value = self.sets / "secret", "correct horse % $HOME \" battery"
        script = 'printf %s "$API_TOKEN" >seen'
        self.assertCode(self.agentbox("generate", "kube", "--name", NAME, "--output", directory, "--env", f"API_TOKEN={value}", "--",
                                      "/bin/sh", "-c", script, timeout=300), 0)
        text = (directory / "pod.yaml").read_text()
        self.assertFalse(any(b"correct horse" in path.read_bytes() for path in directory.iterdir()))
        header = dict(re.findall(r"^# (\w+): +(\S.*)$", text, re.MULTILINE))
        (self.sets / "value").write_text(value)
        self.addCleanup(subprocess.run, ["podman", "secret", "rm", f"agentbox-{NAME}-env"], check=False, capture_output=True)
        command(["sh", "-c", header["Secret"].replace("FILE", str(self.sets / "value"))])
        try:
            command(shlex.split(header["Start"]))
            self.assertEqual(command(["podman", "wait", f"agentbox-{NAME}-agent"]).strip(), "0")
            self.assertEqual((self.workspace / "seen").read_text(), value)
        finally:
            for line in (header["Stop"], header["Remove"]):
                subprocess.run(shlex.split(line), check=False, capture_output=True, timeout=PATIENCE)

    def test_killed_at_any_moment_it_leaves_the_old_set_or_the_new_one(self):
        directory, seen = self.sets / "killed", set()
        self.assertCode(self.agentbox("generate", "kube", "--name", NAME, "--output", directory, "--", "echo", "0"), 0)
        for attempt in range(1, 21):
            process = self.start("generate", "kube", "--name", NAME, "--output", directory, "--", "echo", str(attempt))
            with contextlib.suppress(subprocess.TimeoutExpired):  # the last ones reach their end
                process.wait(attempt * 0.004 if attempt < 19 else 60)
            process.kill()
            process.wait()
            record = json.loads((directory / "agentbox.json").read_text())
            for name, digest in record["files"].items():
                self.assertEqual(hashlib.sha256((directory / name).read_bytes()).hexdigest(), digest, f"{name} after {attempt}")
            seen.add(record["policy"]["run"]["command"][1])
        self.assertIn("20", seen)
        self.assertGreater(len(seen), 1)
        self.assertEqual([path.name for path in self.sets.iterdir()], ["killed"], "the last one cleans up after the others")

    def test_a_bundle_that_was_killed_half_unpacked_is_removed_by_the_next_one(self):
        """It has files of the box's other users, which can only be removed in the user's namespace."""
        lookalike = self.sets / ".oci.agentbox-Thesis"
        lookalike.mkdir()
        (lookalike / "chapter").write_text("precious")
        process = self.start("generate", "oci", "--name", NAME, "--output", self.sets / "oci", "--", *COMMAND)
        half = ".oci.agentbox-*/agent/rootfs/*"
        wait_until(lambda: any(self.sets.glob(half)) or process.poll() is not None, "the unpacking")
        process.kill()
        process.wait()
        self.assertTrue(any(self.sets.glob(half)), "it ended before it could be killed")
        at_work = str(self.sets).encode()  # the unpacker outlives it
        wait_until(lambda: not any(at_work in line for line in command_lines("agentbox-unpack")), "the unpacker's end")
        result = self.agentbox("generate", "oci", "--config-only", "--name", NAME, "--output", self.sets / "oci")
        self.assertCode(result, 0)
        self.assertIn(f"{lookalike} looks like a leftover of an agentbox generate that was killed, but is kept", result.err)
        self.assertEqual((lookalike / "chapter").read_text(), "precious")
        self.assertEqual({path.name for path in self.sets.iterdir()}, {"oci", lookalike.name})
        self.assertFalse(any(path.name.startswith("agentbox-") for path in (self.sets / "oci").iterdir()))

    def test_output_is_complete_or_missing(self):
        directory = self.sets / "mine"
        directory.mkdir()
        (directory / "notes").write_text("precious")
        refused = self.agentbox("generate", "kube", "--output", directory)
        self.assertCode(refused, 126)
        self.assertEqual([path.name for path in directory.iterdir()], ["notes"])
        self.assertCode(self.agentbox("generate", "kube", "--output", directory, "--force"), 0)
        self.assertEqual((directory / "notes").read_text(), "precious")
        self.assertTrue((directory / "pod.yaml").exists())
        self.assertEqual([path.name for path in self.sets.iterdir()], ["mine"])
        again = self.agentbox("generate", "kube", "--diff", directory, "--allow", "github.com:22")
        self.assertCode(again, 1)
        self.assertIn("BROADER:\n  the box may also reach github.com:22\n", again.out)
        self.assertCode(self.agentbox("generate", "kube", "--diff", directory), 0)
        self.assertEqual(self.agentbox("generate", "kube").out, self.agentbox("generate", "kube").out)
