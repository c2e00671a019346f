# SPDX-License-Identifier: Apache-2.0
"""The errors in the box do not depend on which routes the network program has already set up."""
import world

UPLINKS = {"whole": ("link", "route4", "route6"), "without IPv6": ("link", "route4"), "without routes": ("link",), "none": ()}
CONNECTIONS = [[protocol, host, port] for protocol in ("tcp", "udp") for host, port in (
    ("192.0.2.1", 9), ("203.0.113.5", 443), ("169.254.169.254", 80), ("10.0.2.3", 53), ("255.255.255.254", 1), ("2001:db8::1", 443),
    ("fd00::2", 22), ("::ffff:1.1.1.1", 443))]


class Routes(world.FirewallTest):
    def answers(self, box):
        verdicts = box.probe("attempts", CONNECTIONS, False)["verdicts"]
        lines = [" ".join(map(str, case + [verdict])) for case, verdict in zip(CONNECTIONS, verdicts, strict=True)]
        box.enter("sh", "-c", "echo '0 0' >/proc/sys/net/ipv4/ping_group_range")
        return lines + [f"ping {host} {box.probe('ping', host)['error']}" for host in ("203.0.113.5", "2001:db8::1")]

    def test_the_same_errors_whichever_routes_exist(self):
        boxes = {name: self.box(uplink=uplink, allow=["api.example.com"]).start() for name, uplink in UPLINKS.items()}
        expected = self.answers(boxes["whole"])
        self.assertIn("tcp 2001:db8::1 443 ECONNREFUSED", expected)
        self.assertFalse([line for line in expected if line.startswith("tcp ") and not line.endswith(" ECONNREFUSED")])
        for name, box in boxes.items():
            with self.subTest(uplink=name):
                self.assertEqual(self.answers(box), expected)
                box.wait_audit(kind="address", address="2001:db8::1", port=443, protocol="tcp", verdict="deny")
        self.assert_nothing_arrived()

    def test_the_firewall_itself_learns_immediately_that_there_is_no_route(self):
        """Its marked sockets do not take the way through lo, where they would wait for an answer."""
        box = self.box(uplink=("link", "route4"), allow=["six.example.com:22"]).start()
        self.assert_quick(lambda: box.probe("tcp", "six.example.com", 22))
        record = box.wait_audit(reason="upstream-connect")[0]
        self.assertIn("Network is unreachable", record["text"])
        probe = box.probe("marked", world.EVIL, 443, capabilities=("net_admin",))
        self.assertTrue(probe["ok"], probe)

    def test_a_box_whose_uplink_comes_after_the_firewall_works(self):
        box = self.box(uplink=(), allow=["api.example.com:22"]).start()
        self.assertEqual(self.answers(box)[0], "tcp 192.0.2.1 9 ECONNREFUSED")
        box.connect(UPLINKS["whole"])
        self.assertEqual(box.probe("tcp", "api.example.com", 22, send="6869")["received"], "6869")
        self.assertTrue(self.arrived(world.ALLOWED, 22))

    def test_a_firewall_that_starts_again_adds_nothing_twice(self):
        box = self.box(uplink=()).start()
        first = box.enter("ip", "-6", "rule"), box.enter("ip", "rule")
        box.stop()
        (box.path / "run" / "ready").unlink()
        box.start()
        self.assertEqual((box.enter("ip", "-6", "rule"), box.enter("ip", "rule")), first)
