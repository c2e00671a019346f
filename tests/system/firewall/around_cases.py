# SPDX-License-Identifier: Apache-2.0
"""Attempts to bypass the firewall. Each is made twice: in a firewalled box, where nothing may arrive, and in one without
a firewall, where the same attempt must arrive, or the rig would prove nothing."""
import world

EVIL6 = "2001:db8:66::66"


class Around(world.FirewallTest):
    @classmethod
    def setUpClass(cls):
        cls.internet = world.Internet.get()
        cls.firewalled = world.Box(allow=["api.example.com"]).start()
        cls.unfiltered = world.Box()

    @classmethod
    def tearDownClass(cls):
        cls.firewalled.close()
        cls.unfiltered.close()

    def both(self, name, *arguments, fast=0.9, control=True, **named):
        """Checks the denial and its positive control."""
        result = self.assert_quick(lambda: self.firewalled.probe(name, *arguments, **named), fast)
        self.assertFalse(result["ok"], (name, arguments, named, result))
        self.assert_nothing_arrived()
        if control:
            open_result = self.unfiltered.probe(name, *arguments, **named)
            self.assertTrue(self.arrived() or open_result["ok"], ("the control did not arrive", name, arguments, open_result))
        return result

    def test_ip_literals_are_refused_immediately(self):
        for address in (world.EVIL, world.ALLOWED, world.METADATA, world.LAN, world.GATEWAY, EVIL6, world.ALLOWED6,
                        "::ffff:198.51.100.10"):
            for port in (443, 80, 22):
                result = self.both("tcp", host=address, port=port, send="00")
                self.assertEqual(result["error"], "ECONNREFUSED", address)
        self.firewalled.wait_audit(kind="address", address=world.EVIL, port=443, protocol="tcp", verdict="deny")
        self.firewalled.wait_audit(kind="address", address=EVIL6, port=443, protocol="tcp", verdict="deny")

    def test_udp_is_refused(self):
        for address in (world.EVIL, world.ALLOWED, world.GATEWAY, EVIL6):
            for port in (443, 853):
                self.both("udp", address, port)
        self.firewalled.wait_audit(kind="address", address=world.EVIL, protocol="udp")

    def test_quic_to_a_virtual_address_is_refused(self):
        self.firewalled.probe("dns", "api.example.com")
        result = self.firewalled.probe("udp", "198.18.0.1", 443)
        self.assertEqual(result["error"], "ECONNREFUSED")
        self.assert_nothing_arrived()

    def test_icmp_is_refused(self):
        # Pinging needs the group in ping_group_range, which neither kind of box has by default.
        for box in (self.firewalled, self.unfiltered):
            box.enter("sh", "-c", "echo '0 0' >/proc/sys/net/ipv4/ping_group_range")
        for address in (world.EVIL, world.GATEWAY, EVIL6):
            self.both("ping", address)

    def test_other_transports_are_refused(self):
        self.both("udplite", world.EVIL, 443, control=False)
        self.both("sctp", world.EVIL, 443, control=False)
        self.both("mptcp", world.EVIL, 443, control=False)
        self.both("fast_open", world.EVIL, 443, control=False)
        self.assertTrue(self.unfiltered.probe("tcp", host=world.EVIL, port=443, send="00")["ok"])

    def test_the_mark_and_raw_and_packet_sockets_cannot_be_used(self):
        self.assertEqual(self.firewalled.probe("marked", world.EVIL, 443)["error"], "EPERM")
        self.assertEqual(self.firewalled.probe("raw", world.EVIL)["error"], "EPERM")
        self.assertEqual(self.firewalled.probe("packet")["error"], "EPERM")
        self.assert_nothing_arrived()
        # The positive control: a process that may set the mark, as only the firewall may, gets out.
        self.assertTrue(self.firewalled.probe("marked", world.EVIL, 443, capabilities=("net_admin",))["ok"])
        self.assertTrue(self.arrived())

    def test_rules_routes_and_links_cannot_be_changed(self):
        for command in (("nft", "flush", "ruleset"), ("nft", "delete", "table", "inet", "agentbox"),
                        ("ip", "route", "delete", "local", "198.18.0.0/15", "dev", "lo"),
                        ("ip", "link", "set", "lo", "down"), ("ip", "address", "add", "10.9.9.9/32", "dev", "lo"),
                        ("nft", "list", "ruleset")):
            self.assertFalse(self.firewalled.probe("command", *command)["ok"], command)
        self.both("tcp", host=world.EVIL, port=443, send="00")
        # The positive control: with the capability, the same commands work.
        self.assertIn("agentbox", self.firewalled.enter("nft", "list", "ruleset"))
        self.assertTrue(self.unfiltered.probe("command", "nft", "flush", "ruleset", capabilities=("net_admin",))["ok"])

    def test_the_box_itself_stays_usable(self):
        self.assertTrue(self.firewalled.probe("bind", "127.0.0.1", 3000)["ok"])
        self.assertEqual(self.firewalled.probe("tcp", host="127.0.0.1", port=3001)["error"], "ECONNREFUSED")
        self.assertEqual(self.firewalled.probe("tcp", host="::1", port=3001)["error"], "ECONNREFUSED")
