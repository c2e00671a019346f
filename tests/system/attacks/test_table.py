# SPDX-License-Identifier: Apache-2.0
"""Every attack of the tables (src/attacks and tests/probes/wire) as a separate case, judged by what
the attacker saw and by what arrived at the test internet. All of them are made in one box, and again in one without a
firewall, where those that are aimed at the network must arrive: a rig that notices nothing would pass for a safe box."""
import unittest

import rig
from box import left_behind, wait_until

# Attacks on the network that arrive nowhere even without a firewall, and why: their controls cannot be made on this rig.
NO_CONTROL = {
    "udp-broadcast": "slirp4netns does not forward broadcasts",
    "udp-mdns": "nor multicast", "udp-ssdp": "nor multicast", "udp-mdns-v6": "nor multicast",
    "sctp": "the kernel has no SCTP", "dccp": "the kernel has no DCCP",
    "udp-lite": "slirp4netns forwards only TCP, UDP and ICMP",
    "icmp": "nobody may ping in the box: net.ipv4.ping_group_range is empty", "icmp-v6": "nor over IPv6",
    "tcp-loopback-source": "the kernel does not send from 127.0.0.1 to outside",
    "tcp-multipath": "see udp-lite: slirp4netns speaks plain TCP, without the marker in the first packet",
    "host-slirp": "the host's loopback is switched off in slirp4netns",
    "host-slirp-dns": "slirp4netns answers itself", "host-pasta": "only where pasta is used", "host-pasta-dns": "only where pasta is used",
    "host-gateway": "slirp4netns's gateway is the host itself, switched off",
}
# Destinations that the test internet routes nowhere; the packet itself is seen to leave.
FAMILIES_OUTSIDE = {"network", "tls", "http"}
WITHOUT_MARKER = {"rebind-turns"}  # four connections; those to the public address are allowed


class Table(unittest.TestCase):
    """The cases are made below, one method per attack."""

    def assert_held(self, name):
        run = rig.filtered()
        self.assertIn(name, run.rows, f"not tried: {run.error}")
        row = run.rows[name]
        # Only the memory limit may be skipped, because this box was started without one.
        self.assertIn(row.verdict, ("stopped", "works", "skipped" if name == "memory" else "works"), str(row))
        if not name.startswith("control-") and name not in WITHOUT_MARKER:
            self.assertFalse(run.arrived(name), f"{row}: its bytes arrived outside")

    def assert_control(self, name):
        """Without the firewall the same bytes arrive."""
        self.assertTrue(rig.open_box().arrived(name), f"{rig.open_box().rows.get(name)}: its bytes do not arrive even without a firewall")


def held(name):
    return lambda self: self.assert_held(name)


def held_and_controlled(name):
    def case(self):
        self.assert_held(name)
        self.assert_control(name)
    return case


for attack, family, defence in rig.listed():
    controlled = family in FAMILIES_OUTSIDE and defence != "allowed" and attack not in NO_CONTROL and not attack.startswith(("proxy-", "virtual-"))
    setattr(Table, f"test_{family}_{attack.replace('-', '_').replace('.', '_')}",
            held_and_controlled(attack) if controlled else held(attack))


class Whole(unittest.TestCase):
    """Properties of the whole box during all attacks."""

    def test_nothing_but_the_listed_host_was_reached(self):
        # The proxy's own connections, to the one listed host that has a public address, and the host's own name server.
        strangers = [packet for packet in rig.filtered().packets
                     if (packet["to"], packet["port"]) not in
                     {("203.0.113.7", 443), ("203.0.113.7", 80), ("203.0.113.7", 22), ("203.0.113.7", 8443), ("192.0.2.1", 53)}]
        self.assertEqual(strangers, [])

    def test_only_listed_names_were_queried_outside(self):
        listed = {entry.split(":")[0] for entry in rig.ALLOWED}
        self.assertLessEqual({question["name"].lower() for question in rig.filtered().names}, listed)

    def test_the_listed_host_was_reached(self):
        self.assertIn("control-tls", rig.filtered().marked)
        self.assertIn("control-http", rig.filtered().marked)
        self.assertIn("control-ssh", rig.filtered().marked)

    def test_the_sinks_notice_the_same_attacks_without_a_firewall(self):
        self.assertGreaterEqual(len(rig.open_box().marked), 60)

    def test_there_are_enough_attacks(self):
        names = [name for name, _, _ in rig.listed()]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreaterEqual(len(names), 250)

    def test_nothing_is_left_behind(self):
        rig.filtered()
        wait_until(lambda: not left_behind(), "every trace of the boxes is gone")
