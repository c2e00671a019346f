# SPDX-License-Identifier: Apache-2.0
"""The cases of run_image_cases.py. They share the images of the first build: the order is that of the names."""
import http.server
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from fixture import (AGENTBOX, CANARIES, LOCK, PREFIX, SCRATCH, SMALL, TINY, Registry, base_tarball, environment, exported_base, images,
                  in_image, make_ca, podman, prepare, run, tarball)

sys.path.insert(0, str(PREFIX / "cases"))
from suite_runner import run_suite  # noqa: E402  (tests/system/suite_runner.py, installed with the cases)

HOSTILE = r"""#!/bin/sh
export LC_ALL=C
cat /proc/self/status
# perl is in every Debian: nothing else of it can open a socket.
reach() { # NAME HOST PORT
  perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => 5) or exit 1;
    print $s "GET / HTTP/1.0\r\nHost: $ARGV[0]\r\n\r\n"; exit(defined(<$s>) ? 0 : 1)' "$2" "$3"
}
try() { name=$1; shift; if "$@" 2>/dev/null; then echo "REACHED $name"; else echo "refused $name"; fi; }
if reach listed deb.debian.org 80; then echo listed reached; fi
try metadata reach metadata 169.254.169.254 80
try own reach own OWN PORT
try gateway reach gateway 10.0.2.2 PORT
try unlisted reach unlisted evil.example.com 80
try unshare unshare -U true
try raw perl -MSocket -e 'socket(my $s, PF_INET, SOCK_RAW, 1) or exit 1'
try nft perl -MSocket -e 'socket(my $s, 16, SOCK_RAW, 12) or exit 1'
try sysctl sh -c 'echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start'
try port perl -MIO::Socket::INET -e 'IO::Socket::INET->new(LocalPort => 1022, Listen => 1) or exit 1'
try hosts-namespace nsenter --net=/proc/1/ns/net true
exit 1
"""
DEFAULT_BASE = "docker.io/library/debian:bookworm-slim"
OS_RELEASE = b"ID=debian\n"


class GeminiModel(http.server.BaseHTTPRequestHandler):
    """A stand-in for Google's API for Gemini; keeps the questions of each request."""
    asked = []

    def log_message(self, *_):
        pass

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = [part.get("text", "") for turn in request["contents"] for part in turn["parts"] if turn.get("role") == "user"]
        if "stream" in self.path:
            self.asked.append([text for text in texts if text.endswith(" question")])
        answer = {"candidates": [{"content": {"role": "model", "parts": [{"text": "The stand-in is done."}]}, "finishReason": "STOP"}]}
        body = json.dumps(answer).encode()
        body = b"data: " + body + b"\n\n" if "stream" in self.path else body
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if "stream" in self.path else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def setup_processes():
    """Returns the processes of this user that run setup.sh in a build's container."""
    return subprocess.run(["pgrep", "--uid", str(os.getuid()), "--full", "^/bin/sh /dev/agentbox-[0-9a-f]+/setup.sh"], capture_output=True, text=True, check=False).stdout.split()


def agents_of(names):
    return {name for name in names if "/agent:" in name}


class Images(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        prepare()

    def built(self, result):
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.split()

    def test_1_the_default_image_is_built(self):
        Images.bundle, Images.ca_lines = make_ca()
        result = run(AGENTBOX, "build", "--ca-bundle", Images.bundle)
        Images.agent, Images.firewall = self.built(result)
        print(f"built in {result.seconds:.1f} s; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        self.assertEqual(list((SCRATCH / "state/agentbox/logs").iterdir()), [], "a log was kept although nothing failed")
        self.assertFalse((SCRATCH / "cache/agentbox/build").exists())
        labels = json.loads(podman("image", "inspect", "--format", "{{json .Config.Labels}}", Images.agent))
        self.assertEqual(labels["org.agentbox.base"], DEFAULT_BASE)
        for name in ("codex", "claude"):
            self.assertEqual(labels[f"org.agentbox.agent.{name}"], LOCK[name]["version"])

    def test_2_the_second_build_does_nothing(self):
        before = images()
        result = run(AGENTBOX, "build", "--ca-bundle", Images.bundle)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout.split(), [Images.agent, Images.firewall])
        self.assertLess(result.seconds, 30) # a build takes minutes
        self.assertEqual(images(), before)

    def test_3_who_and_what_is_in_it(self):
        result = in_image(Images.agent, "id -u; id -g; id -un; pwd; stat -c %u:%g:%a /home/agent /workspace; touch /home/agent/x /workspace/x && echo writable")
        self.assertEqual(result.stdout.split(), ["1000", "1000", "agent", "/workspace", "1000:1000:755", "1000:1000:755", "writable"], result.stderr)
        result = in_image(Images.agent, "find / -xdev -type f -perm /6000 2>/dev/null")
        self.assertEqual(result.stdout, "")
        result = in_image(Images.agent, "ls -A /mnt /tmp /var/tmp; for tool in bash git curl rg jq less patch ps ssh tar unzip xz; do command -v $tool || echo no $tool; done")
        self.assertNotIn("no ", result.stdout)
        self.assertEqual([line for line in result.stdout.splitlines() if line and not line.startswith(("/bin", "/usr", "/mnt:", "/tmp:", "/var/tmp:"))], [])

    def test_3_the_agents_questions_are_answered_and_their_directories_the_agents(self):
        result = in_image(Images.agent, "cd; stat -c '%U:%G %n' .claude .codex .claude.json .claude/settings.json; jq -e .hasCompletedOnboarding .claude.json;"
                          " jq -e '.projects[\"/workspace\"].hasTrustDialogAccepted' .claude.json; jq -e .skipDangerousModePermissionPrompt .claude/settings.json")
        self.assertEqual(result.stdout.splitlines(), ["agent:agent .claude", "agent:agent .codex", "agent:agent .claude.json",
                                                      "agent:agent .claude/settings.json", "true", "true", "true"], result.stderr)

    def test_3_both_agents_run(self):
        for name in ("codex", "claude"):
            result = in_image(Images.agent, f"{name} --version")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn(LOCK[name]["version"], result.stdout)

    def test_3_an_agent_with_an_image_of_its_own_runs_in_node(self):
        """The only test with a real agent: built from npm's registry, started in a box."""
        result = run(AGENTBOX, "build", "gemini", "--ca-bundle", Images.bundle)
        image = self.built(result)[0]
        print(f"gemini's image built in {result.seconds:.1f} s", flush=True)
        self.assertNotEqual(image, Images.agent)
        result = in_image(image, "gemini --version; cd; stat -c '%U:%G %n' .gemini .gemini/settings.json; ls /usr/local/lib/agents; command -v node npm")
        self.assertEqual(result.stdout.split(), [LOCK["gemini"]["version"], "agent:agent", ".gemini", "agent:agent",
                                                 ".gemini/settings.json", "gemini", "node"], result.stderr)
        configuration = pathlib.Path(environment()["XDG_CONFIG_HOME"]) / "agentbox/config.toml"
        configuration.parent.mkdir(parents=True, exist_ok=True)
        configuration.write_text('[agent]\ndefault = "gemini"\n')
        self.addCleanup(configuration.unlink, missing_ok=True)
        result = run(AGENTBOX, "run", "--ca-bundle", Images.bundle, "--", "gemini", "--version")
        self.assertEqual((result.returncode, result.stdout), (0, LOCK["gemini"]["version"] + "\n"), result.stderr)
        self.assertIn("the box may reach cloudcode-pa.googleapis.com", result.stderr)
        configuration.unlink()
        self.check_conversation_with_gemini()
        self.assertEqual(run(AGENTBOX, "build", "codex", "--ca-bundle", Images.bundle).stdout.split()[0], Images.agent)

    def check_conversation_with_gemini(self):
        """It is kept: the real program continues it in the next box, with a stand-in for its vendor on this machine."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), GeminiModel)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        port = server.server_address[1]
        self.addCleanup((SCRATCH / "state/agentbox/last_agent").unlink, missing_ok=True)  # the default of later builds
        settings = SCRATCH / "project/.gemini/settings.json"
        settings.parent.mkdir()
        settings.write_text('{"security": {"auth": {"selectedType": "gemini-api-key"}}}')
        self.addCleanup(shutil.rmtree, settings.parent)

        def prompt(text, *options):
            result = run(AGENTBOX, "run", "gemini", "--ca-bundle", Images.bundle, "--allow", f"host:{port}", "--env", "GEMINI_API_KEY=stand-in",
                         "--env", f"GOOGLE_GEMINI_BASE_URL=http://host:{port}", "--model", "stand-in", *options, "--prompt", text)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("The stand-in is done.", result.stdout)
            return result

        first = prompt("the first question")
        [one] = json.loads(run(AGENTBOX, "history", "list", "--json").stdout)
        self.assertEqual((one["agent"], one["title"]), ("gemini", "the first question"))
        self.assertIn(f"agentbox gemini --resume {one['id']}", first.stderr)
        prompt("the second question", "--continue")
        prompt("the third question", "--resume", one["id"])
        self.assertEqual(GeminiModel.asked[-1], ["the first question", "the second question", "the third question"])
        shown = run(AGENTBOX, "history", "show", one["id"]).stdout
        for question in GeminiModel.asked[-1]:
            self.assertIn(question, shown)
        self.assertEqual(run(AGENTBOX, "history", "rm", one["id"]).returncode, 0)
        self.assertEqual(json.loads(run(AGENTBOX, "history", "list", "--json").stdout), [])

    def test_3_the_entry_point_refuses_to_start_without_the_firewall(self):
        result = run("podman", "run", "--rm", "--network=none", "--cap-drop=all", "--security-opt=no-new-privileges",
                     "--userns=keep-id:uid=1000,gid=1000", Images.agent, "/bin/true")
        self.assertEqual(result.returncode, 126)
        self.assertIn("AGENTBOX_NETWORK", result.stderr)

    def secrets_in(self, *directories):
        """Returns what find_secrets.py finds in `directories`: the developer's secrets, and the CA that is for the build only."""
        needles = SCRATCH / "needles"
        needles.write_text("\n".join([*CANARIES.values(), *Images.ca_lines[1:3]]))
        return json.loads(podman("unshare", "/usr/bin/python3", PREFIX / "cases/find_secrets.py", needles, *directories))

    def test_4_no_secret_and_no_ca_is_in_any_layer(self):
        for image in (Images.agent, Images.firewall):
            described = podman("image", "inspect", image) + podman("history", "--no-trunc", image)
            for what, canary in CANARIES.items():
                self.assertNotIn(canary, described, what)
            self.assertNotIn("sk-", described)
            layers = json.loads(podman("image", "inspect", "--format", "{{json .GraphDriver.Data}}", image))
            directories = [layers["UpperDir"], *filter(None, layers.get("LowerDir", "").split(":"))]
            result = self.secrets_in(*directories)
            self.assertEqual(result["found"], [])
            self.assertGreaterEqual(len(directories), 3 if image == Images.agent else 1)
            self.assertGreater(result["files"], 5000 if image == Images.agent else 5)

    def test_4_a_secret_would_be_found(self):
        self.assertEqual(len(self.secrets_in(SCRATCH / "home")["found"]), 5, "two names, two secrets, a key")
        self.assertEqual(len(self.secrets_in(SCRATCH / "own-ca.pem", SCRATCH / "project")["found"]), 0, "directories only")

    def test_5_a_tarball_as_base_even_with_a_user_of_the_same_uid(self):
        def with_ubuntu(name, content):
            added = {"etc/passwd": b"ubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n", "etc/group": b"ubuntu:x:1000:\n", "etc/shadow": b"ubuntu:!:1::::::\n"}
            return content + added.get(name, b"")

        Images.registry = Registry()
        Images.other_base = base_tarball("ubuntu.tar", with_ubuntu, [("home/ubuntu/.bashrc", b"# theirs\n")])
        Images.other = self.built(Images.registry.build("--base", f"tar:{Images.other_base}"))[0]
        self.assertNotEqual(Images.other, Images.agent)
        result = in_image(Images.other, "id -un; grep -c ubuntu /etc/passwd /etc/group; ls /home; codex")
        self.assertEqual(result.stdout.split(), ["agent", "/etc/passwd:0", "/etc/group:0", "agent", "codex", "1.0.0"], result.stderr)
        self.assertEqual(self.built(run(AGENTBOX, "build"))[0], Images.agent, "the default image is still there")

    def test_6_a_new_version_replaces_the_old_image_and_no_other(self):
        Images.registry.publish("1.0.1")
        before = agents_of(images())
        result = Images.registry.build("--base", f"tar:{Images.other_base}")
        new = self.built(result)[0]
        print(f"agents replaced in {result.seconds:.1f} s", flush=True)
        after = agents_of(images())
        self.assertEqual([name.split()[1] for name in before - after], [Images.other])
        self.assertEqual([name.split()[1] for name in after - before], [new])
        self.assertEqual(in_image(new, "claude").stdout, "claude 1.0.1\n")

    def test_6_an_agent_of_the_configuration_is_pinned_and_its_scripts_never_run(self):
        registry = Images.registry
        configuration = pathlib.Path(environment()["XDG_CONFIG_HOME"]) / "agentbox"
        configuration.mkdir(parents=True, exist_ok=True)
        for name in ("config.toml", "npm-keys.json"):
            self.addCleanup((configuration / name).unlink, missing_ok=True)
        self.addCleanup((SCRATCH / "state/agentbox/agents.lock.json").unlink, missing_ok=True)
        base = ("--base", f"tar:{Images.other_base}")

        def build(package, *agent):
            (configuration / "config.toml").write_text(f'[agents.mine]\ncommand = ["mine"]\nnpm = "{package}"\n')
            return registry.build(*agent, *base)

        lock_file = SMALL / "share/agentbox/containerfiles/agent/agents.lock.json"
        lock = json.loads(lock_file.read_text())
        arch = "arm64" if platform.machine() == "aarch64" else "x64"
        node = registry.publish_own(f"node-linux-{arch}", {"bin/node": b'#!/bin/sh\necho node "$@"\n'})
        lock["agents"]["node"] = {"version": "1.0.0", "packages": {f"linux-{arch}": node}}
        lock_file.write_text(json.dumps(lock))
        files = {"bin/mine.js": b"x", "package.json": b'{"scripts": {"install": "touch /scripts-ran"}}'}
        scripts = {"scripts": {"preinstall": "touch /scripts-ran", "postinstall": "touch /scripts-ran"}, "hasInstallScript": True}
        registry.publish_own("@me/mine", files, bin={"mine": "./bin/mine.js"}, **scripts)
        result = build("@me/mine@1.0.0", "mine")
        self.assertEqual(result.returncode, 126, result.stderr)
        self.assertIn("has no signature", result.stderr)
        (configuration / "npm-keys.json").write_text('{"keys": [], "allow_unsigned": true}')
        image = self.built(build("@me/mine@1.0.0", "mine"))[0]
        result = in_image(image, "mine --x; ls / /usr/local/lib/agents")
        self.assertIn("node /usr/local/lib/agents/mine/bin/mine.js --x\n", result.stdout)
        self.assertNotIn("scripts-ran", result.stdout)
        self.assertNotIn("codex", result.stdout)
        registry.publish_own("@me/mine", {"bin/mine.js": b"other"}, bin={"mine": "./bin/mine.js"})
        self.assertEqual(self.built(build("@me/mine@1.0.0", "mine"))[0], image, "pinned by the first build")
        self.assertNotIn("mine", self.built(build("@me/mine@1.0.0"))[0])

        registry.publish_own("other", files, bin="bin/mine.js")
        (SCRATCH / "npm/other/-/other-1.0.0.tgz").write_bytes(b"x")
        registry.publish_own("needy", files, bin="bin/mine.js", dependencies={"a": "1", "b": "2"})
        for package, code, words in (("other@1.0.0", 126, "SHA-512"), ("@me/mine@2.0.0", 125, "/@me/mine/2.0.0"),
                                     ("needy@1.0.0", 126, "needs 2 other packages"), ("@me/mine", 2, "with a version"),
                                     ("../mine@1.0.0", 2, "with a version"), ("@me/mine@^1.0.0", 2, "with a version")):
            result = build(package, "mine")
            self.assertEqual(result.returncode, code, f"{package}: {result.stderr}")
            self.assertIn(words, result.stderr)

    def test_6_a_tampered_package_is_refused(self):
        Images.registry.publish("1.0.2")
        for package in (SCRATCH / "npm/codex/-").glob("*-1.0.2.tgz"):
            package.write_bytes(package.read_bytes() + b"x")
        result = Images.registry.build("--base", f"tar:{Images.other_base}")
        self.assertEqual(result.returncode, 126, result.stderr)
        self.assertIn("SHA-512", result.stderr)
        Images.registry.publish("1.0.1")

    def refused(self, code, pattern, *words, **more):
        """Checks that the build ends with `code` and a message, and leaves nothing that is incomplete."""
        store = {name: value for name, value in more.items() if name == "XDG_DATA_HOME"}
        before = images(**store)
        result = Images.registry.build(*words, **more)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr, pattern)
        if code != 2:
            self.assertIn("hint:", result.stderr)
        left = [name for name in images(**store) if name not in before and not re.search(r"/agentbox/(base|tools|firewall):", name)]
        self.assertEqual(left, [], "something incomplete was left")
        self.assertEqual(podman("ps", "--all", "--external", "--quiet", **store), "")
        self.assertFalse((SCRATCH / "cache/agentbox/build").exists())
        return result

    def test_7_bad_bases(self):
        (SCRATCH / "project/root.tar").write_bytes(b"")
        self.refused(126, "inside the workspace", "--base", f"tar:{SCRATCH}/project/root.tar")
        key = tarball("key.tar", {"etc/os-release": OS_RELEASE, "root/.ssh/id_ed25519": b"x"})
        self.refused(126, "id_ed25519", "--base", f"tar:{key}")
        self.refused(2, "missing.tar", "--base", f"tar:{SCRATCH}/missing.tar")
        self.refused(2, "is not a tar archive", "--base", "tar:/etc/passwd")
        self.refused(2, "is not a valid image name", "--base", "oci:/etc")
        self.refused(125, "localhost/nothing", "--base", "localhost/nothing:1")
        before = images()
        self.refused(125, "is not a distribution", "--base", f"tar:{tarball('empty.tar', {'bin/true': b'x'})}")
        self.assertEqual(images(), before, "imported for nothing")

    def test_7_a_key_in_a_directory_that_only_podman_can_read(self):
        keys = SCRATCH / "rootfs/root/.ssh"
        keys.mkdir(parents=True)
        (SCRATCH / "rootfs/etc").mkdir()
        (SCRATCH / "rootfs/etc/os-release").write_bytes(OS_RELEASE)
        (keys / "id_ed25519").write_text("x")
        keys.chmod(0)
        self.refused(126, "/root/.ssh/id_ed25519", "--base", f"dir:{SCRATCH}/rootfs")
        keys.chmod(0o700)
        (keys / "id_ed25519").rename(keys / "notes")
        (keys / "notes").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n" + CANARIES["key"] + "\n")
        (keys / "notes").chmod(0)
        self.refused(126, "a private key: /root/.ssh/notes", "--base", f"dir:{SCRATCH}/rootfs")

    def test_6_an_image_that_was_replaced_after_its_build(self):
        base = ("--base", f"tar:{Images.other_base}")
        image = self.built(Images.registry.build(*base))[0]
        identity = podman("image", "inspect", "--format", "{{.Id}}", image)
        podman("save", "--quiet", "--format", "oci-archive", "--output", SCRATCH / "replaced.tar", image)
        podman("load", "--quiet", "--input", SCRATCH / "replaced.tar")
        self.assertEqual(podman("image", "inspect", "--format", "{{.Id}}", image), identity, "the ID does not tell")
        self.refused(126, "has a different manifest than when it was built", *base)
        rebuilt = self.built(Images.registry.build(*base, "--rebuild"))[0]
        self.assertNotEqual(podman("image", "inspect", "--format", "{{.Id}}", rebuilt), identity)
        firewall = self.built(Images.registry.build(*base))[1]
        podman("tag", "localhost/agentbox/base:debian-bookworm", rebuilt)
        podman("tag", "localhost/agentbox/base:debian-bookworm", firewall)
        self.built(Images.registry.build(*base))
        self.assertEqual(in_image(rebuilt, "codex").stdout, "codex 1.0.1\n", "the name is the image's again")
        podman("save", "--quiet", "--format", "oci-archive", "--output", SCRATCH / "replaced.tar", firewall)
        podman("load", "--quiet", "--input", SCRATCH / "replaced.tar")
        if Images.registry.build(*base).returncode: # where loading keeps the manifest, nothing was replaced
            self.refused(126, "has a different manifest than when it was built", *base)
            self.built(Images.registry.build(*base, "--rebuild"))
        self.built(Images.registry.build(*base))

    def test_6_an_interrupted_build_leaves_nothing(self):
        """Interrupts every stage, above all a program in the build's container, which Podman alone would leave running."""
        before = images()
        command = [SMALL / "bin/agentbox", "build", "--rebuild", "--base", f"tar:{Images.other_base}"]
        stages = [(number, delay) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) for delay in (0, 0.3, 1, 2, None)]
        for number, delay in stages:
            with self.subTest(signal=number, delay=delay):
                build = subprocess.Popen(command, cwd=SCRATCH / "project", env=environment(npm_config_registry=Images.registry.address),
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                if delay is None:
                    while build.poll() is None and not setup_processes():
                        time.sleep(0.05)
                else:
                    time.sleep(delay)
                build.send_signal(number)
                _, err = build.communicate(timeout=60)
                self.assertIn(build.returncode, (128 + number, -number), err) # -number: before there is anything to remove
                self.assertEqual(setup_processes(), [])
                self.assertEqual(podman("ps", "--all", "--external", "--quiet"), "")
                self.assertFalse((SCRATCH / "cache/agentbox/build").exists())
                left = [name for name in images() if name not in before and not re.search(r"/agentbox/(base|tools):", name)]
                self.assertEqual(left, [], "something incomplete was left")
        self.built(Images.registry.build("--base", f"tar:{Images.other_base}"))

    def test_7_a_mirror_that_only_the_base_names(self):
        source = b"deb http://mirror.example.com/debian bookworm main\n"
        other = base_tarball("other-mirror.tar", lambda name, content: source if name == "etc/apt/sources.list" else content)
        result = self.refused(125, "the packages could not be downloaded", "--base", f"tar:{other}")
        self.assertIn("denied while building: mirror.example.com", result.stderr)
        self.assertIn("[build] allow_hosts", result.stderr)

    def test_7_what_a_hostile_base_can_do_while_it_is_built(self):
        """Its apt-get attacks; each line of the log has the result of one attack."""
        with socket.socket() as listener: # of this host, on its own address
            listener.bind(("", 0))
            listener.listen()
            listener.setblocking(False)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as question: # sends nothing
                question.connect(("192.0.2.1", 9))
                own = question.getsockname()[0]
            port = listener.getsockname()[1]
            script = HOSTILE.replace("OWN", own).replace("PORT", str(port)).encode()
            base = base_tarball("hostile.tar", lambda name, content: script if name == "usr/bin/apt-get" else content)
            result = self.refused(125, "installing the tools", "--base", f"tar:{base}")
            self.assertRaises(BlockingIOError, listener.accept)
            log = pathlib.Path(re.search(r"the full log: (\S+)", result.stderr)[1]).read_text()
            self.assertEqual(re.findall(r"(?m)^REACHED.*", log), [], log)
            for attack in ("metadata", "own", "gateway", "unlisted", "unshare", "raw", "nft", "sysctl", "port", "hosts-namespace"):
                self.assertIn(f"refused {attack}\n", log, "the attack ran")
            self.assertIn("listed reached\n", log, "the same probe reaches what is listed")
            self.assertRegex(log, "(?m)^NoNewPrivs:\\s+1$")
            self.assertRegex(log, "(?m)^Seccomp:\\s+2$")
            self.assertRegex(log, "(?m)^CapBnd:\\s+00000000800400fb$")
            self.assertIn("denied while building: evil.example.com", result.stderr)

    def test_7_a_base_that_moves_the_path_of_agent_entrypoint(self):
        """With a link there, a file of the project would become the first program of the box."""
        for script, code in ((b"exit 0", 0), (b"(sleep 1000 &) ; exit 0", 0),
                             (b"rm -rf /usr/local/bin; ln -s /workspace/x /usr/local/bin", 125),
                             (b"mkdir -p /usr/local/bin; ln -s /workspace/x /usr/local/bin/agent-entrypoint", 125)):
            with self.subTest(script=script):
                other = base_tarball("moved.tar", lambda name, content: b"#!/bin/sh\n" + script + b"\n" if name == "usr/bin/apt-get" else content)
                if code == 0:
                    self.built(Images.registry.build("--base", f"tar:{other}"))
                else:
                    self.refused(125, "refused: the base image replaced /usr/local/bin", "--base", f"tar:{other}")

    def test_7_a_volume_of_the_base_is_not_mounted_over_our_program(self):
        directory = SCRATCH / "volume"
        directory.mkdir()
        (directory / "agent-entrypoint").write_text("#!/bin/sh\necho HOSTILE; exit 7\n")
        (directory / "apt-get").write_text("#!/bin/sh\ncat /proc/self/status; exit 1\n")
        # Podman mounts a volume on /dev before or after our program: then crun finds no /dev/null and nothing runs at all.
        for volumes, runs in (("/mnt /dev/shm", True), ("/mnt /dev", False)):
            with self.subTest(volumes=volumes):
                (directory / "Containerfile").write_text("FROM localhost/agentbox/base:debian-bookworm\nCOPY agent-entrypoint /mnt/\n"
                                                         "COPY apt-get /usr/bin/\nRUN chmod 755 /mnt/agent-entrypoint /usr/bin/apt-get\n"
                                                         f"VOLUME {volumes}\n")
                podman("build", "--quiet", "--pull=never", "--network=none", "--format=docker", "--tag", "localhost/volume:1", directory)
                result = self.refused(125, "installing the tools", "--base", "localhost/volume:1")
                log = pathlib.Path(re.search(r"the full log: (\S+)", result.stderr)[1]).read_text()
                self.assertNotIn("HOSTILE", log)
                self.assertRegex(log, "(?m)^NoNewPrivs:\\s+1$" if runs else "(?m)^NoNewPrivs:\\s+1$|failed open\\(\\)ing /dev/null")
                podman("rmi", "localhost/volume:1")

    def test_7_a_base_with_onbuild(self):
        directory = SCRATCH / "onbuild"
        directory.mkdir()
        (directory / "Containerfile").write_text(f"FROM localhost/agentbox/base:debian-bookworm\nONBUILD ADD http://127.0.0.1:1/x /\n")
        podman("build", "--quiet", "--pull=never", "--network=none", "--format=docker", "--tag", "localhost/onbuild:1", directory)
        self.refused(126, "ONBUILD", "--base", "localhost/onbuild:1")
        podman("rmi", "localhost/onbuild:1")

    def test_7_a_registry_that_cannot_be_reached(self):
        Images.registry.publish("1.0.3")
        self.refused(125, "cannot download http://127.0.0.1:1/", "--base", f"tar:{Images.other_base}", npm_config_registry="http://127.0.0.1:1")
        self.assertEqual([path.name for path in (SCRATCH / "cache/agentbox/agents").iterdir() if "1.0.3" in path.name or path.name.startswith(".")], [])

    @unittest.skipUnless(TINY, "a small file system needs root")
    def test_7_a_disk_that_is_full_before_the_build(self):
        self.refused(125, "not enough disk space to build the image", "--base", f"tar:{Images.other_base}", "--toolkit", "web",
                     XDG_CACHE_HOME=pathlib.Path(TINY) / "cache")

    @unittest.skipUnless(TINY, "a small file system needs root")
    def test_7_a_disk_that_fills_up_during_the_build(self):
        """Podman's layers are on a file system that has space for the base, but not for the tools."""
        store = pathlib.Path(TINY) / "store"
        base = exported_base()
        room = os.statvfs(store / "containers/storage/overlay")
        wanted = int(base.stat().st_size * 1.12) + (20 << 20)
        with open(store / "containers/storage/overlay/filler", "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, room.f_bavail * room.f_frsize - wanted)
        result = self.refused(125, "the disk is full", "--base", f"tar:{base}", XDG_DATA_HOME=store)
        self.assertIn("installing the tools", result.stderr, "the base should fit")
        for name in images(XDG_DATA_HOME=store):
            self.assertNotRegex(name, "/agentbox/(tools|agent):|<none>")

    def test_8_update_tells_the_newest_versions(self):
        own = SCRATCH / "own-config/agentbox/npm-keys.json"
        own.parent.mkdir(parents=True)
        own.write_text('{"keys": [], "allow_unsigned": true}')  # the registry here may be a mirror without npm's signatures
        result = run(AGENTBOX, "update", "--check", XDG_CONFIG_HOME=own.parent.parent)
        self.assertIn(result.returncode, (0, 1), result.stderr)
        self.assertRegex(result.stdout, r"(?m)^codex \d+\.")
        self.assertRegex(result.stdout, r"(?m)^claude \d+\.")
        self.assertRegex(result.stdout, r"(?m)^gemini \d+\.")  # of another image
        self.assertFalse((SCRATCH / "state/agentbox/agents.lock.json").exists())


if __name__ == "__main__":
    sys.exit(run_suite(unittest.defaultTestLoader.loadTestsFromTestCase(Images), sys.argv[1:]))
