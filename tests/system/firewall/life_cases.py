# SPDX-License-Identifier: Apache-2.0
"""How the firewall starts, fails and ends: whatever happens, the box is closed."""
import contextlib
import json
import signal
import socket
import subprocess
import time

import world
from tls_bytes import real_hello


class Life(world.FirewallTest):
    def refused_start(self, box, *more, capabilities=("net_admin", "net_bind_service")):
        """Starts a firewall that must refuse to start; returns its message."""
        box.start(*more, capabilities=capabilities, wait=False)
        code = box.firewall.wait(timeout=world.PATIENCE)
        message = box.firewall.stderr.read()
        box.firewall.stderr.close()
        box.firewall = None
        self.assertEqual(code, 125, message)
        self.assertFalse((box.path / "run" / "ready").exists())
        return message

    def assert_closed(self, box):
        for address in (world.EVIL, world.ALLOWED, "2001:db8:66::66"):
            result = box.probe("tcp", host=address, port=443, send="00", timeout=2)
            self.assertFalse(result["ok"], result)
        self.assertFalse(box.probe("udp", world.EVIL, 443)["ok"])
        self.assert_nothing_arrived()

    def test_ready_contains_the_nonce_when_everything_is_up(self):
        box = self.box(allow=["api.example.com"]).start()
        self.assertEqual((box.path / "run" / "ready").read_text(encoding="ascii"), world.NONCE + "\n")
        self.assertTrue(box.probe("dns", "api.example.com")["answers"])
        data = real_hello("api.example.com")
        self.assertEqual(box.probe("tcp", host="api.example.com", port=443, send=data.hex())["received"], data.hex())

    def test_the_ready_verb_tells_whether_this_firewall_serves(self):
        box = self.box(allow=["api.example.com"])

        def ready(nonce=world.NONCE):
            return subprocess.run([world.PROGRAM, "ready", "--nonce", nonce, "--run", str(box.path / "run")],
                                  capture_output=True, check=False).returncode
        self.assertEqual(ready(), 125)
        box.start()
        self.assertEqual(ready(), 0)
        self.assertEqual(ready("f" * 32), 125)

    def test_it_ends_immediately_when_told_to_and_the_box_stays_closed(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            box = self.box(allow=["api.example.com", "git.example.com:22"]).start()
            held = subprocess.Popen([*box.into(()), "python3", "-c",
                                     "import socket,sys,time; sys.path.insert(0, sys.argv[1]); import probe; s=socket.create_connection("
                                     "(probe.address_of('git.example.com'), 22)); s.send(b'x'); s.recv(1); print('held', flush=True);"
                                     "print(len(s.recv(1)))", str(world.HERE)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            self.assertEqual(held.stdout.readline(), "held\n")
            code, seconds = box.stop(number)
            self.assertEqual(code, 0)
            self.assertLess(seconds, world.AT_ONCE)  # Podman would wait for ten; the bench measures it
            held.wait(timeout=world.PATIENCE)
            held.stdout.close()
            record = box.audit(kind="connect", name="git.example.com")[0]
            self.assertEqual((record["reason"], record["bytes_up"]), ("stopped", 1))
            self.arrived()
            self.assert_closed(box)

    def test_killed_or_stopped_at_any_moment_it_leaves_the_box_closed(self):
        for number in (signal.SIGKILL, signal.SIGSTOP):
            box = self.box(allow=["api.example.com"]).start()
            box.firewall.send_signal(number)
            time.sleep(0.05)
            self.assert_closed(box)
            self.assertFalse(box.probe("dns", "api.example.com", timeout=0.5)["ok"])

    def test_killed_while_it_starts_it_never_leaves_a_hole(self):
        """The agent is started only after `ready`: packets may leave before it, none after it."""
        for delay in (0, 1, 2, 4, 8, 12, 16, 20, 30):
            box = self.box(allow=["api.example.com"]).start(wait=False)
            time.sleep(delay / 1000)
            box.firewall.kill()
            box.firewall.wait()
            if (box.path / "run" / "ready").exists():
                self.assert_closed(box)

    def test_a_second_start_replaces_the_rules_in_one_step(self):
        box = self.box(allow=["api.example.com"]).start()
        box.stop()
        before = box.enter("nft", "list", "ruleset")
        (box.path / "run" / "ready").unlink()
        box.start()
        after = box.enter("nft", "list", "ruleset")
        counters = [" ".join(word for word in text.split() if not word.isdigit()) for text in (before, after)]
        self.assertEqual(counters[0], counters[1])

    def test_without_its_capabilities_it_refuses_to_start(self):
        for capabilities, missing in (((), "CAP_NET_ADMIN"), (("net_bind_service",), "CAP_NET_ADMIN"),
                                      (("net_admin",), "CAP_NET_BIND_SERVICE")):
            box = self.box(allow=["api.example.com"])
            self.assertIn(missing, self.refused_start(box, capabilities=capabilities))
            self.assertIn(missing, (box.path / "run" / "failed").read_text(encoding="utf-8"))

    def test_a_policy_that_does_not_parse_closes_the_box(self):
        good = {"version": 1, "mode": "filtered", "virtual_range": "198.18.0.0/15", "allow": [], "block": [],
                "allow_ech": [], "allow_private": []}
        for text in ("", "{", "[]", "null", json.dumps({**good, "unknown": 1}), json.dumps({**good, "mode": "open"}),
                     json.dumps({**good, "allow": ["*"]}), json.dumps({**good, "allow": ["1.2.3.4"]}),
                     json.dumps({**good, "version": 2}), json.dumps(good) + "x", "\0" * 100):
            box = self.box()
            box.write_policy(text=text)
            message = self.refused_start(box)
            self.assertIn("egress.json", message)
            self.assertEqual((box.path / "run" / "failed").read_text(encoding="utf-8").count("\n"), 1)
            self.assert_closed(box)
            box.close()

    def test_a_missing_or_odd_policy_file_closes_the_box(self):
        for make in (lambda p: None, lambda p: p.mkdir(), lambda p: subprocess.run(["mkfifo", p], check=True)):
            box = self.box()
            (box.path / "egress.json").unlink()
            make(box.path / "egress.json")
            self.refused_start(box)
            self.assert_closed(box)
            box.close()

    def test_taken_ports_are_an_error(self):
        for port in (53, 1023):
            box = self.box(allow=["api.example.com"])
            squatter = subprocess.Popen([*box.into(("net_bind_service",)), "python3", "-c",
                                         f"import socket,time; s=socket.create_server(('127.0.0.1',{port})); print(1, flush=True); time.sleep(60)"],
                                        stdout=subprocess.PIPE)
            squatter.stdout.readline()
            self.assertIn(str(port), self.refused_start(box))
            self.assert_closed(box)
            squatter.kill()
            squatter.wait()
            squatter.stdout.close()

    def test_an_audit_directory_that_cannot_be_written_is_an_error(self):
        box = self.box(allow=["api.example.com"])
        (box.path / "audit").rmdir()
        self.assertIn("audit", self.refused_start(box))
        self.assert_closed(box)

    def test_full_mode_filters_nothing_and_needs_nothing(self):
        box = self.box(mode="full").start(capabilities=())
        self.assertEqual((box.path / "run" / "ready").read_text(encoding="ascii"), world.NONCE + "\n")
        self.assertEqual(box.enter("nft", "list", "ruleset"), "")
        self.assertTrue(box.probe("tcp", host=world.EVIL, port=443, send="00")["ok"])
        code, seconds = box.stop()
        self.assertEqual(code, 0)
        self.assertLess(seconds, world.AT_ONCE)

    def test_lock_closes_and_exits(self):
        box = self.box(allow=["api.example.com"])
        self.assertTrue(box.probe("tcp", host=world.EVIL, port=443, send="00")["ok"])
        self.arrived()
        world.run(*box.into(("net_admin",)), world.PROGRAM, "lock", "--policy", str(box.path / "egress.json"))
        self.assert_closed(box)
        box.start()  # and a firewall may open it afterwards
        data = real_hello("api.example.com")
        self.assertEqual(box.probe("tcp", host="api.example.com", port=443, send=data.hex())["received"], data.hex())

    def test_published_ports_take_connections_and_open_nothing_else(self):
        box = self.box(allow=["api.example.com"]).start("--publish", "3000")
        for port in (3000, 3001):
            server = subprocess.Popen([*box.into(()), "python3", "-c",
                                       f"import socket; s=socket.create_server(('0.0.0.0',{port})); print(1, flush=True)\n"
                                       "while True:\n c,_=s.accept(); c.sendall(b'from the box'); c.close()"],
                                      stdout=subprocess.PIPE)
            self.addCleanup(server.wait)
            self.addCleanup(server.kill)
            self.addCleanup(server.stdout.close)
            server.stdout.readline()
        with socket.create_connection((box.address, 3000), timeout=world.PATIENCE) as client:
            self.assertEqual(client.recv(100), b"from the box")
        with self.assertRaises(OSError):
            socket.create_connection((box.address, 3001), timeout=0.5)
        self.assert_closed(box)

    def test_it_drops_privileges_that_it_does_not_need(self):
        box = self.box(allow=["api.example.com"]).start()
        with open(f"/proc/{box.firewall.pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        net_admin = f"{1 << 12:016x}"
        self.assertEqual((status["CapPrm"], status["CapEff"]), (net_admin, net_admin))
        self.assertEqual((status["CapInh"], status["CapAmb"], status["NoNewPrivs"]), ("0" * 16, "0" * 16, "1"))
        self.assertEqual(status["Threads"], "1")

    def test_the_ruleset_verb_prints_what_is_loaded_and_changes_nothing(self):
        box = self.box(allow=["api.example.com"])
        document = world.run(*box.into(()), world.PROGRAM, "ruleset", "--policy", str(box.path / "egress.json"))
        self.assertIn("nftables", json.loads(document))
        self.assertEqual(box.enter("nft", "list", "ruleset"), "")
        checked = subprocess.run([*box.into(("net_admin",)), "nft", "--json", "--check", "--file", "/dev/stdin"], input=document,
                                 text=True, capture_output=True, check=False)
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_connections_are_never_let_through_unrecorded(self):
        """A full disk stops the log, and with it the connections; free space brings both back."""
        box = self.box(allow=["git.example.com:22"])
        world.run("mount", "-t", "tmpfs", "-o", "size=64k", "none", str(box.path / "audit"))
        self.addCleanup(box.close)
        self.addCleanup(lambda: subprocess.run(["umount", "--lazy", str(box.path / "audit")], check=False))
        box.start()
        filler = box.path / "audit" / "filler"
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 512):
                pass
        for done in range(40):
            result = box.probe("tcp", host="git.example.com", port=22, send="00")
            if result.get("received") != "00":
                break
        self.assertNotEqual(result.get("received"), "00", "unrecorded connections continue")
        filler.unlink()
        box.wait_audit(reason="recovered")  # by itself
        self.assertEqual(box.probe("tcp", host="git.example.com", port=22, send="00")["received"], "00")
        # The previous connection ended when there was no space for its record.
        self.assertEqual(len(box.wait_audit(done + 1, kind="connect", reason="allowed")), done + 1, "a record for each connection")
