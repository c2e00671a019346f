# SPDX-License-Identifier: Apache-2.0
"""Name servers as they behave in practice: they drop AAAA, are slow, fail, stop, come back, and are replaced."""
import os
import pathlib
import time

import world

PORT, SIX_ONLY = 22, 4445  # at the second one only the IPv6 address listens
NOBODY = "203.0.113.77"    # packets to it vanish
PRIVATE6 = "fd00:99::7"
SECOND = "10.77.1.54"  # boxes are in 10.77.0.0/24
A, AAAA = 1, 28


class Upstream(world.FirewallTest):
    count = 0

    def setUp(self):
        super().setUp()
        made = self.internet.__dict__.setdefault("upstream", {})
        if not made:
            world.run("ip", "address", "add", f"{SECOND}/32", "dev", "lo")
            world.run("ip", "address", "add", f"{PRIVATE6}/128", "dev", "lo", "nodad")
            pathlib.Path("/proc/sys/net/ipv4/icmp_ratelimit").write_text("0", encoding="ascii")
            made["second"] = world.Names(SECOND, self.internet.names.table)
            for address in (world.ALLOWED6, PRIVATE6):
                self.internet.sink.listen(address, SIX_ONLY)
        self.first, self.second = self.internet.names, made["second"]
        self.second.reset()
        self.fw = self.box(allow=[f"*.wild.example.com:{PORT}", f"*.wild.example.com:{SIX_ONLY}"]).start()

    def name(self, *addresses):
        """Returns a name that was not queried yet."""
        Upstream.count += 1
        name = f"n{Upstream.count}.wild.example.com"
        self.internet.names.table[name] = list(addresses)
        return name

    def servers(self, *addresses):
        """Replaces resolv.conf as programs do that follow a network, by renaming; returns when the firewall has looked."""
        new = self.fw.path / "resolv.conf.new"
        new.write_text("".join(f"nameserver {address}\n" for address in addresses), encoding="ascii")
        os.replace(new, self.fw.path / "resolv.conf")
        time.sleep(1.1)  # it looks once a second

    def connect(self, name, port=PORT, **named):
        return self.fw.probe("tcp", host=name, port=port, send="7071", **named)

    def reaches(self, name, address, port=PORT):
        """Checks that the right address got the bytes; returns how long that took."""
        self.arrived()
        result = self.connect(name, port)
        self.assertEqual(result.get("received"), "7071", result)
        self.assertEqual({a for a, _, _ in self.arrived()}, {address})
        return result["seconds"]

    def reaches_immediately(self, addresses, address, port=PORT):
        """Like reaches(), without waiting for an answer that does not come: a server has a second for it."""
        self.assert_quick(lambda: {"seconds": self.reaches(self.name(*addresses), address, port)})

    def refused(self, addresses, reason, within, port=PORT):
        def attempt():
            name = self.name(*addresses)
            result = self.connect(name, port)
            self.assertEqual(result.get("received", ""), "", result)
            self.fw.wait_audit(kind="connect", name=name, reason=reason)
            return result
        self.assert_quick(attempt, within)

    def test_a_server_that_drops_aaaa_delays_nobody(self):
        self.first.drops = {AAAA}
        for _ in range(3):
            self.reaches_immediately((world.ALLOWED, world.ALLOWED6), world.ALLOWED)
        self.assertIn(AAAA, {kind for _, kind in self.first.kinds})

    def test_a_server_that_drops_a_leaves_ipv6(self):
        self.first.drops = {A}
        self.reaches_immediately((world.ALLOWED, world.ALLOWED6), world.ALLOWED6)

    def test_a_slow_a_gets_a_moment_and_no_more(self):
        self.first.delays = {A: 2.5}
        self.reaches_immediately((world.ALLOWED, world.ALLOWED6), world.ALLOWED6)
        self.first.delays = {A: 0.005}
        def used():
            self.arrived()
            self.connect(self.name(world.ALLOWED, world.ALLOWED6))
            return {a for a, _, _ in self.arrived()}
        # On a busy machine any delay can be too short.
        world.wait_until(lambda: used() == {world.ALLOWED}, lambda: "IPv4 is used")

    def test_a_late_address_joins_and_is_kept(self):
        self.first.delays = {AAAA: 0.4}
        name = self.name(NOBODY, world.ALLOWED6)
        self.assertGreater(self.reaches(name, world.ALLOWED6), 0.35)
        self.assertEqual(len(self.first.kinds), 2)
        self.reaches(name, world.ALLOWED6)
        self.assertEqual(len(self.first.kinds), 2, "the late answer was not kept")
        # An address that refuses is not waited for, and is not the end while another may come.
        self.reaches(self.name(world.ALLOWED, world.ALLOWED6), world.ALLOWED6, SIX_ONLY)

    def test_nobody_waits_long_for_a_late_address(self):
        self.first.drops = {AAAA}
        self.refused((world.ALLOWED,), "upstream-connect", 2.5, SIX_ONLY)

    def test_the_address_filter_holds_for_each_family(self):
        self.first.delays = {AAAA: 0.2}
        self.refused((world.ALLOWED, PRIVATE6), "upstream-connect", 2.5, SIX_ONLY)
        self.assert_nothing_arrived()
        self.refused(("10.77.0.3", PRIVATE6), "refused-address", 2.5, SIX_ONLY)
        self.assert_nothing_arrived()
        self.refused((PRIVATE6,), "refused-address", 2.5, SIX_ONLY)
        self.assert_nothing_arrived()
        # The controls: the other family alone, late or not.
        self.reaches(self.name("10.77.0.3", world.ALLOWED6), world.ALLOWED6, SIX_ONLY)
        self.reaches(self.name(world.ALLOWED, PRIVATE6), world.ALLOWED)
        open_box = self.box()
        self.assertTrue(open_box.probe("tcp", host=PRIVATE6, port=SIX_ONLY, send="70")["ok"])

    def test_concurrent_lookups_share_one_query(self):
        self.first.delays = {A: 0.5, AAAA: 0.5}
        name = self.name(world.ALLOWED)
        flood = self.fw.probe("flood", name, PORT, 20, keep=1.5)
        self.assertEqual(flood["failed"], 0)
        self.assertEqual(sorted(kind for _, kind in self.first.kinds), [A, AAAA])

    def test_a_dead_server_is_survived_and_not_asked_first_again(self):
        self.first.mute = True
        self.servers(world.GATEWAY, SECOND)
        self.reaches(self.name(world.ALLOWED), world.ALLOWED)
        asked = len(self.first.asked)
        for _ in range(3):
            self.reaches_immediately((world.ALLOWED,), world.ALLOWED)
        self.assertEqual(len(self.first.asked), asked)
        # The server comes back, and the other one stops.
        self.first.mute, self.second.mute = False, True
        self.reaches(self.name(world.ALLOWED), world.ALLOWED)
        self.reaches_immediately((world.ALLOWED,), world.ALLOWED)

    def test_a_server_that_fails_is_survived(self):
        self.first.rcode = 2
        self.servers(world.GATEWAY, SECOND)
        self.reaches_immediately((world.ALLOWED,), world.ALLOWED)
        self.assertTrue(self.first.asked)
        self.servers(world.GATEWAY, world.LAN)  # no name server is there: ICMP says so
        self.refused((world.ALLOWED,), "upstream-dns", 2)
        self.servers(world.LAN, SECOND)
        # (Here ICMP comes back before the second question is sent, and counts as an answer to that one only.)
        self.reaches(self.name(world.ALLOWED), world.ALLOWED)
        self.reaches_immediately((world.ALLOWED,), world.ALLOWED)

    def test_a_slow_server_is_waited_for(self):
        self.first.delays = {A: 1.1, AAAA: 1.1}
        self.assertGreater(self.reaches(self.name(world.ALLOWED), world.ALLOWED), 1)

    def test_servers_that_come_back_are_used_immediately(self):
        self.first.mute = self.second.mute = True
        self.servers(world.GATEWAY, SECOND)
        self.assertIsNotNone(self.connect(self.name(world.ALLOWED), read=False))
        self.first.mute = False
        self.reaches(self.name(world.ALLOWED), world.ALLOWED)

    def test_what_the_launcher_passes_on_replaces_what_podman_wrote(self):
        self.reaches_immediately((world.ALLOWED,), world.ALLOWED)
        self.first.mute = True
        (self.fw.path / "run" / "resolv.conf").write_text(f"nameserver {SECOND}\n", encoding="ascii")
        time.sleep(1.1)
        asked = len(self.first.asked)
        self.reaches_immediately((world.ALLOWED,), world.ALLOWED)
        self.assertEqual(len(self.first.asked), asked)
        # The host has none that can be queried from here: the others that Podman wrote are not the host's.
        self.first.mute = False
        (self.fw.path / "run" / "resolv.conf").write_text("nameserver 127.0.0.53\n", encoding="ascii")
        time.sleep(1.1)
        self.refused((world.ALLOWED,), "upstream-dns", 1)
        self.assertEqual(len(self.first.asked), asked)

    def test_what_the_launcher_passes_at_the_start_is_used_from_the_first_query_on(self):
        box = self.box(allow=[f"*.wild.example.com:{PORT}"])
        (box.path / "run" / "resolv.conf").write_text(f"nameserver {SECOND}\n", encoding="ascii")
        self.fw = box.start()
        self.reaches_immediately((world.ALLOWED,), world.ALLOWED)
        self.assertEqual(self.first.asked, [])

    def test_another_network_brings_other_servers(self):
        self.reaches_immediately((world.ALLOWED,), world.ALLOWED)
        self.assertEqual(self.second.asked, [])
        self.first.mute = True
        self.servers(SECOND)
        asked = len(self.first.asked)
        self.reaches_immediately((world.ALLOWED,), world.ALLOWED)
        self.assertTrue(self.second.asked)
        self.assertEqual(len(self.first.asked), asked)
