# SPDX-License-Identifier: Apache-2.0
"""Both drivers: rules after setup, none after teardown, and the same verdict for a generated table of protocol, address,
port, direction and mark."""
import itertools
import json
import shutil
import subprocess
import unittest

import entries_cases
import world
from tls_bytes import real_hello

DRIVERS = ("nftables", "iptables")
SERVICE = "10.99.0.5"
POLICY = {"allow": ["api.example.com", "git.example.com:22"], "allow_addresses": [f"{SERVICE}:5432"], "host_ports": [11434]}


def has_iptables():
    return shutil.which("xtables-nft-multi", path="/usr/sbin:/usr/bin") is not None


class Drivers(world.FirewallTest):
    def setUp(self):
        super().setUp()
        if not has_iptables():
            self.skipTest("iptables is not installed")
        entries_cases.listen(self, SERVICE, 5432, 5433)
        entries_cases.listen(self, world.GATEWAY, 11434, 11435)

    def rules(self, box):
        """Returns every rule in the box's namespace, whichever program made it."""
        return [line.strip() for line in box.enter("nft", "list", "ruleset").splitlines()
                if any(word in line for word in ("accept", "drop", "reject", "redirect", "comment"))
                and "policy accept" not in line]

    def test_rules_after_setup_and_none_after_teardown(self):
        for driver in DRIVERS:
            box = self.box(**POLICY)
            self.assertEqual(self.rules(box), [])
            box.start("--driver", driver, "--publish", "3000")
            self.assertGreater(len(self.rules(box)), 15, driver)
            box.stop()
            self.assertGreater(len(self.rules(box)), 15, f"{driver}: the rules outlive the firewall")
            world.run(*box.into(("net_admin",)), world.PROGRAM, "unload", "--driver", driver, "--run", str(box.path / "run"))
            self.assertEqual(self.rules(box), [], driver)
            self.assertTrue(box.probe("tcp", host=world.EVIL, port=443, send="00")["ok"])
            self.arrived()

    def test_rules_of_every_form_are_read_back_as_they_were_loaded(self):
        """A driver starts only if what the kernel lists equals what was loaded, so every form of listing must be handled."""
        four, six = [f"10.0.0.0/{n}:5432" for n in range(8, 32, 2)], [f"[fd00::/{n}]:5432" for n in range(8, 128, 9)]
        odd = ["10.255.255.254:1", "172.16.0.1:22", "192.168.0.0/16:22", "[fd00::1:0:0:1]:65535", "[fd00:0:1:0:1:0:1:1]:443"]
        ports = [number for port in range(20, 3000, 97) for number in ("--publish", str(port))]
        for driver, (addresses, published) in itertools.product(DRIVERS, ((four, ports), (six, ports[:2]), (odd, []))):
            box = self.box(allow_addresses=addresses, host_ports=[22, 80, 443, 8080]).start("--driver", driver, *published)
            self.assertGreater(len(self.rules(box)), 15)
            box.stop()

    def test_unload_needs_the_capability(self):
        box = self.box(**POLICY).start()
        for driver in DRIVERS:
            done = subprocess.run([*box.into(()), world.PROGRAM, "unload", "--driver", driver, "--run", str(box.path / "run")],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 125)
            self.assertIn("CAP_NET_ADMIN", done.stderr)
        self.assertGreater(len(self.rules(box)), 15)

    def test_both_give_the_same_verdicts(self):
        targets = {"4": [world.EVIL, world.ALLOWED, world.METADATA, world.GATEWAY, SERVICE, "127.0.0.1", "198.18.0.1", "198.18.0.200"],
                   "6": ["2001:db8:66::66", world.ALLOWED6, "::1"]}
        cases = [(protocol, address, port, marked)
                 for protocol, (_, addresses), marked in itertools.product(("tcp", "udp"), targets.items(), (False, True))
                 for address in addresses for port in (22, 53, 443, 5432, 5433, 11434, 11435)]
        seen = {}
        for driver in DRIVERS:
            box = self.box(**POLICY).start("--driver", driver, "--publish", "3000")
            for name in ("api.example.com", "git.example.com"):  # 198.18.0.1, 198.18.0.2
                box.probe("dns", name)
            script = [[protocol, address, port, marked] for protocol, address, port, marked in cases]
            results = {}
            for marked in (False, True):
                out = box.probe("attempts", [case[:3] for case in script if case[3] == marked], marked,
                                capabilities=("net_admin",) if marked else ())
                results.update({(*case[:3], marked): got for case, got in
                                zip([case for case in script if case[3] == marked], out["verdicts"])})
            seen[driver] = results
            self.assertEqual(box.wait_audit(kind="address", address=world.EVIL, protocol="udp")[0]["verdict"], "deny")
        different = {case: (seen["nftables"][case], seen["iptables"][case]) for case in seen["nftables"]
                     if seen["nftables"][case] != seen["iptables"][case]}
        self.assertEqual(different, {})
        # The control of the table: some connections pass, and those that must not do not.
        table = seen["nftables"]
        self.assertEqual(table[("tcp", SERVICE, 5432, False)], "ok")
        self.assertEqual(table[("tcp", SERVICE, 5433, False)], "ECONNREFUSED")
        self.assertEqual(table[("tcp", world.EVIL, 443, False)], "ECONNREFUSED")
        self.assertEqual(table[("tcp", world.EVIL, 443, True)], "ok")
        self.assertEqual(table[("tcp", world.METADATA, 443, True)], "ECONNREFUSED")
        self.assertEqual(table[("udp", world.METADATA, 443, True)], "EPERM")
        self.assertEqual(table[("udp", world.METADATA, 53, True)], table[("udp", world.ALLOWED, 53, True)])
        self.assertEqual(table[("tcp", world.GATEWAY, 11434, True)], "ok")
        self.assertEqual(table[("tcp", world.GATEWAY, 11435, True)], "ECONNREFUSED")
        self.assertNotEqual(table[("udp", world.EVIL, 443, False)], "ok")
        self.assertEqual({verdict for (_, address, _, marked), verdict in table.items()
                          if address in (world.EVIL, "2001:db8:66::66") and not marked} & {"ok"}, set())

    def test_incoming_packets_get_the_same_verdicts(self):
        for driver in DRIVERS:
            box = self.box(allow=["api.example.com"]).start("--driver", driver, "--publish", "3000")
            verdicts = {}
            for port in (3000, 3001):
                server = subprocess.Popen([*box.into(()), "python3", "-c", "import socket,sys; s=socket.create_server(('0.0.0.0',"
                                           f"{port})); print(1, flush=True); c,_=s.accept(); c.sendall(b'x'); c.close()"], stdout=subprocess.PIPE)
                server.stdout.readline()
                seconds = world.PATIENCE if port == 3000 else 0.5
                done = subprocess.run(["python3", "-c", f"import socket; s=socket.create_connection(('{box.address}', {port}), {seconds}); print(s.recv(1))"],
                                      capture_output=True, text=True, check=False)
                verdicts[port] = done.stdout.strip() or done.stderr.splitlines()[-1].split(":")[0]
                server.kill()
                server.wait()
                server.stdout.close()
            self.assertEqual(verdicts, {3000: "b'x'", 3001: "TimeoutError"}, driver)

    def test_a_box_works_and_stays_closed_with_iptables(self):
        box = self.box(**POLICY).start("--driver", "iptables")
        data = real_hello("api.example.com")
        self.assertEqual(box.probe("tcp", host="api.example.com", port=443, send=data.hex())["received"], data.hex())
        self.arrived()
        box.firewall.kill()
        box.firewall.wait()
        for address in (world.EVIL, world.ALLOWED, SERVICE, "2001:db8:66::66"):
            self.assertFalse(box.probe("tcp", host=address, port=5432 if address == SERVICE else 443, send="00").get("received"))
        self.assert_nothing_arrived()

    def test_the_ruleset_verb_prints_both_programs_inputs(self):
        box = self.box(**POLICY)
        text = world.run(*box.into(()), world.PROGRAM, "ruleset", "--driver", "iptables", "--policy", str(box.path / "egress.json"))
        four, six = text.split("# ip6tables-restore\n")
        for program, part in (("iptables-restore", four), ("ip6tables-restore", six)):
            done = subprocess.run([*box.into(("net_admin",)), program, "--test"], input=part, text=True, capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.rules(box), [])

    def test_json_is_what_nft_accepts(self):
        box = self.box(**POLICY)
        document = world.run(*box.into(()), world.PROGRAM, "ruleset", "--policy", str(box.path / "egress.json"))
        names = [command["add"]["rule"]["comment"] for command in json.loads(document)["nftables"] if "rule" in command.get("add", {})]
        self.assertIn("redirect-address-1", names)
        self.assertIn("output-host-ports", names)


@unittest.skipUnless(has_iptables(), "iptables is not installed")
class AddressesWithIptables(entries_cases.Addresses):
    driver = ("--driver", "iptables")


@unittest.skipUnless(has_iptables(), "iptables is not installed")
class HostPortsWithIptables(entries_cases.HostPorts):
    driver = ("--driver", "iptables")


