# SPDX-License-Identifier: Apache-2.0
"""The box's only resolver."""
import os
import threading
import time

import probe
import world


class Names(world.FirewallTest):
    def setUp(self):
        super().setUp()
        self.firewalled = self.box(allow=["api.example.com", "git.example.com:22", "*.wild.example.com"],
                                   block=["bad.wild.example.com"]).start()

    def ask(self, *arguments, **named):
        return self.firewalled.probe("dns", *arguments, **named)

    def test_a_listed_name_has_one_virtual_address(self):
        for tcp in (False, True):
            for name in ("api.example.com", "API.Example.COM"):
                answer = self.ask(name=name, tcp=tcp)
                self.assertEqual([a["data"] for a in answer["answers"]], ["198.18.0.1"], answer)
                self.assertLessEqual(answer["answers"][0]["ttl"], 30)

    def test_other_types_of_a_listed_name_have_no_data(self):
        for kind in (28, 65, 64, 16, 15, 255):
            answer = self.ask("api.example.com", kind)
            self.assertEqual((answer["rcode"], answer["answers"]), (0, []), kind)

    def test_an_unlisted_name_does_not_exist_and_that_is_fast_and_recorded(self):
        for name in ("evil.example.net", "bad.wild.example.com", "wild.example.com", "example.com", "com",
                     "api.example.com.evil.net", "x" * 63 + ".example.net"):
            answer = self.assert_quick(lambda wanted=name: self.ask(wanted))
            self.assertEqual(answer["rcode"], 3, name)
            self.firewalled.wait_audit(kind="dns", name=name, verdict="deny")
        self.assertEqual(self.firewalled.audit(name="bad.wild.example.com")[0]["reason"], "blocked")
        self.assertEqual(self.firewalled.audit(name="bad.wild.example.com")[0]["rule"], "bad.wild.example.com")

    def test_no_question_of_the_box_goes_upstream(self):
        for name in ("api.example.com", "evil.example.net", "secret-data.evil.example.net", "a.wild.example.com"):
            for kind in (1, 28, 16):
                self.ask(name, kind)
        self.assertEqual(self.internet.names.asked, [])
        # The control: a connection makes the firewall itself ask, and only for the listed name.
        self.assertTrue(self.firewalled.probe("tcp", host="git.example.com", port=22, send="00")["ok"])
        self.assertEqual(set(self.internet.names.asked), {"git.example.com"})

    def test_other_name_servers_are_out_of_reach(self):
        unfiltered = self.box()
        for server in (world.GATEWAY, world.EVIL):
            for tcp in (False, True):
                if server == world.GATEWAY and tcp:
                    continue
                answer = self.ask(name="evil.example.net", server=server, tcp=tcp, timeout=2)
                self.assertFalse(answer["ok"], (server, tcp))
                self.assertIn(answer["error"], ("EPERM", "EACCES", "ECONNREFUSED"))
        self.assertEqual(self.internet.names.asked, [])
        self.assert_nothing_arrived()
        self.assertTrue(unfiltered.probe("dns", name="evil.example.net", server=world.GATEWAY)["ok"])
        self.assertEqual(self.internet.names.asked, ["evil.example.net"])

    def test_the_gate_proves_that_the_firewall_is_on(self):
        answer = self.ask("gate.agentbox.internal", 16)
        self.assertEqual([a["data"] for a in answer["answers"]], [world.NONCE])
        knock = self.assert_quick(lambda: self.firewalled.probe("tcp", host="192.0.2.1", port=9))
        self.assertEqual(knock["error"], "ECONNREFUSED")
        self.firewalled.wait_audit(kind="gate", verdict="allow")
        self.assertEqual(self.firewalled.audit(verdict="deny"), [])
        # The positive control: without a firewall both queries are answered.
        unfiltered = self.box()
        self.assertFalse(unfiltered.probe("dns", "gate.agentbox.internal", 16)["ok"])

    def test_localhost_is_the_box_and_reverse_names_do_not_exist(self):
        self.assertEqual(self.ask("localhost")["answers"][0]["data"], "127.0.0.1")
        self.assertEqual(self.ask("localhost", 28)["answers"][0]["data"], "::1")
        self.assertEqual(self.ask("1.0.18.198.in-addr.arpa", 12)["rcode"], 3)

    def test_malformed_questions_do_not_hurt(self):
        good = probe.query("api.example.com")
        cases = [b"", b"\0", good[:11], good[:20], good + b"\0" * 3, good[:2] + b"\x81\x80" + good[4:], b"\xff" * 512,
                 good[:12] + b"\xc0\x0c\0\1\0\1", good[:12] + b"\x3f" * 300, os.urandom(4096)]
        for case in cases:
            self.firewalled.probe("dns_raw", hex_message=case.hex())
            self.firewalled.probe("dns_raw", hex_message=case.hex(), tcp=True)
        self.assertTrue(self.ask("api.example.com")["ok"])
        self.assertIsNone(self.firewalled.firewall.poll())

    def test_a_flood_of_denials_hides_no_connection(self):
        flood = threading.Thread(target=lambda: self.firewalled.probe("many_names", 40000, "evil.example.net"))
        flood.start()
        self.addCleanup(flood.join)
        while len(self.firewalled.audit(kind="dns", verdict="deny")) < 2000:  # the burst is used up
            time.sleep(0.02)
        self.assertEqual(self.firewalled.probe("tcp", host="git.example.com", port=22, send="00")["received"], "00")
        flood.join()
        self.assertEqual(len(self.firewalled.audit(kind="connect", name="git.example.com", reason="allowed")), 1)

    def test_a_flood_of_names_is_survived_and_bounded(self):
        log = self.firewalled.path / "audit" / "testbox.jsonl"
        before, size, start = self.firewalled.rss_kib(), log.stat().st_size, time.monotonic()
        flood = self.firewalled.probe("many_names", 20000, "wild.example.com")
        self.assertEqual(sum(flood["rcodes"].values()), 20000)
        self.assertGreaterEqual(flood["rcodes"]["0"], 16384)
        self.assertTrue(flood["rcodes"].get("2", 0) == 3616 or flood["seconds"] > 60, flood)  # after which an address may be reused
        unlisted = self.firewalled.probe("many_names", 20000, "evil.example.net")
        self.assertEqual(unlisted["rcodes"], {"3": 20000})
        self.assertEqual(self.ask("api.example.com")["answers"][0]["data"], "198.18.0.1")
        if not world.is_sanitized():
            self.assertLess(self.firewalled.rss_kib() - before, 8192)
        # A burst and a number per second, each with a line that tells how many were left out.
        lines = 2 * (2000 + 200 * (time.monotonic() - start))
        self.assertLess(log.stat().st_size - size, 350 * lines)
        self.firewalled.stop()
        self.assertTrue(self.firewalled.audit(reason="left-out"))
        print(f"  {flood['rate']:.0f} names/s with one question at a time")
