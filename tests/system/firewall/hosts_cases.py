# SPDX-License-Identifier: Apache-2.0
"""Connections to listed hosts, and attempts to reach others through them."""
import pathlib
import time

import world
from tls_bytes import ALERT, ASKS_FOR_RETRY, ECH, RETRY, extension, hello, message, real_hello, records, server_names

GOOD = "api.example.com"
# Around 2^63 and 2^64, where a number may mean "none" or wrap around in another program, and lengths in odd forms.
LENGTHS = ["9223372036854775808", "18446744073709551615", "18446744073709551616", "18446744073709551620", "-1", "+5", "0x5", "5, 5",
           "5 5", "007", ""]


def request(text):
    return text.replace("\n", "\r\n").encode().hex()


class Hosts(world.FirewallTest):
    def setUp(self):
        super().setUp()
        self.fw = self.box(allow=[GOOD, f"{GOOD}:80", "git.example.com:22", "six.example.com:22", "*.wild.example.com",
                                  "ech.example.com", "inside.example.com:22", "open.example.com:22", "gone.example.com:22"],
                           ech=["ech.example.com"], private=["inside.example.com"]).start()
        self.internet.names.table.update({"ech.example.com": [world.ALLOWED]})

    def tls(self, data, host=GOOD, port=443, **more):
        return self.fw.probe("tcp", host=host, port=port, send=data.hex(), **more)

    def assert_echoed(self, result, data):
        self.assertTrue(result["ok"], result)
        self.assertEqual(result["received"], data.hex())

    def assert_refused(self, result, reason, reply=b""):
        self.assert_nothing_arrived()
        self.assertLess(result["seconds"], world.AT_ONCE)
        self.assertEqual(result.get("received", ""), reply.hex(), result)
        self.assertEqual(self.fw.wait_audit(kind="connect", reason=reason)[0]["verdict"], "deny")

    def test_a_listed_name_connects_and_the_bytes_match(self):
        data = real_hello(GOOD) + b"\x17\3\3\0\5hello"
        self.assert_echoed(self.tls(data), data)
        self.assertEqual({(a, p) for a, p, _ in self.arrived()}, {(world.ALLOWED, 443)})
        record = self.fw.wait_audit(kind="connect", name=GOOD)[0]
        self.assertEqual((record["verdict"], record["port"], record["bytes_up"], record["bytes_down"], record["address"]),
                         ("allow", 443, len(data), len(data), world.ALLOWED))

    def test_hundreds_of_megabytes_pass_unchanged_in_both_directions(self):
        result = self.fw.probe("bulk", GOOD, 443, real_hello(GOOD).hex(), 300)
        self.assertTrue(result["ok"], result)
        self.assertTrue(result["same"])
        self.assertEqual(result["size"], (300 << 20) + len(real_hello(GOOD)))
        print(f"  {result['rate'] / 1e9:.2f} GB/s, both directions together")

    def test_a_split_hello_passes(self):
        for data in (real_hello(GOOD), records(message(extension(0x0A0A, b"") + server_names(GOOD)), 20)):
            self.assert_echoed(self.tls(data, split=37, pause=0.002), data)

    def test_ech_and_missing_names_pass_only_where_the_policy_says(self):
        for data in (hello(server_names("front.example"), ECH), hello()):
            self.assert_echoed(self.tls(data, host="ech.example.com"), data)
        self.arrived()
        self.assert_refused(self.tls(hello(server_names(GOOD), ECH)), "ech", ALERT)

    def test_another_name_in_a_second_hello_is_refused(self):
        """OpenSSL's servers use the name of the hello that follows a HelloRetryRequest."""
        first, change, early = hello(server_names(GOOD), ASKS_FOR_RETRY), b"\x14\3\3\0\1\1", b"\x17\3\3\0\5early"
        for between in (b"", change, early + change):
            same = between + real_hello(GOOD) + b"\x17\3\3\0\5after"
            for more in ({"then": same.hex()}, {"split": 61, "pause": 0.001}):
                data = first if "then" in more else first + same
                self.assert_echoed(self.tls(data, **more), RETRY + same)
            self.arrived()
            evil = between + real_hello("evil.example.net") + b"\x17\3\3\0\5after"
            self.tls(first, then=evil.hex())
            self.fw.wait_audit(kind="connect", reason="sni-mismatch")
            self.tls(first + evil)
            arrived = b"".join(data for _, _, data in self.arrived())
            self.assertEqual(arrived, first + first)
        self.tls(first, then=b"\x16\3\3\0\4none".hex())
        self.fw.wait_audit(kind="connect", reason="not-tls")

    def test_another_name_in_the_hello_is_refused(self):
        self.assert_refused(self.tls(real_hello("evil.example.net")), "sni-mismatch", ALERT)
        self.assertIn("evil.example.net", self.fw.audit(reason="sni-mismatch")[0]["text"])

    def test_a_missing_name_is_refused(self):
        self.assert_refused(self.tls(hello()), "sni-missing", ALERT)

    def test_two_names_are_refused(self):
        for data in (hello(server_names(GOOD), server_names("evil.example.net")),
                     hello(server_names(GOOD, "evil.example.net"))):
            self.assert_refused(self.tls(data), "not-tls")

    def test_what_is_not_tls_is_refused_on_443(self):
        for data in (b"SSH-2.0-x\r\n", b"GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n", b"\0" * 64):
            self.assert_refused(self.tls(data), "not-tls")

    def test_a_connection_that_ends_early_is_refused(self):
        self.assert_refused(self.tls(real_hello(GOOD)[:100]), "no-hello")

    def test_the_name_of_another_listed_host_is_refused(self):
        self.assert_refused(self.tls(real_hello("a.wild.example.com")), "sni-mismatch", ALERT)

    def test_wildcards_cover_subdomains(self):
        data = real_hello("a.wild.example.com")
        self.assert_echoed(self.tls(data, host="a.wild.example.com"), data)

    def test_other_ports_of_a_listed_host_are_refused(self):
        for port in (22, 853, 4443, 1023, 53):
            result = self.tls(b"x", port=port)
            self.assertFalse(result["ok"] and not result.get("later"), (port, result))
            self.assert_nothing_arrived()
            self.assertEqual(self.fw.wait_audit(port=port)[0]["reason"], "port-not-listed")

    def test_other_protocols_need_no_more_than_the_name(self):
        result = self.tls(b"SSH-2.0-x\r\n", host="git.example.com", port=22)
        self.assert_echoed(result, b"SSH-2.0-x\r\n")

    def test_half_close_works_both_ways(self):
        result = self.fw.probe("tcp", host="git.example.com", port=22, send=b"abc".hex(), half_close=True)
        self.assert_echoed(result, b"abc")

    def test_ipv6_upstreams_are_reached(self):
        self.assert_echoed(self.tls(b"x", host="six.example.com", port=22), b"x")
        self.assertEqual({a for a, _, _ in self.arrived()}, {world.ALLOWED6})

    def test_a_host_whose_first_address_is_dead_is_reached(self):
        self.internet.names.table["git.example.com"] = ["10.77.250.1", world.ALLOWED]
        # 10.77.250.1 is private, so it is refused; the other address is dialled.
        self.assert_echoed(self.tls(b"x", host="git.example.com", port=22), b"x")

    def test_plain_http_passes_once_and_with_the_right_host(self):
        result = self.tls(bytes.fromhex(request("GET /a HTTP/1.1\nHost: api.example.com\nConnection: keep-alive\n\n")), port=80,
                          half_close=False)
        self.assertIn(b"hello", bytes.fromhex(result["received"]))
        sent = b"".join(data for _, _, data in self.arrived(world.ALLOWED, 80))
        self.assertEqual(sent, b"GET /a HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n")

    def test_a_request_with_a_body_passes_whole(self):
        head = "POST / HTTP/1.1\nHost: api.example.com\nContent-Length: 10\n\n"
        result = self.fw.probe("tcp", host=GOOD, port=80, send=request(head) + b"01234".hex(), then=b"56789ABC".hex(),
                               half_close=False)
        self.assertTrue(result["ok"], result)
        sent = b"".join(data for _, _, data in self.arrived(world.ALLOWED, 80))
        self.assertTrue(sent.endswith(b"\r\n\r\n01234") or sent.endswith(b"\r\n\r\n0123456789"), sent)
        self.assertNotIn(b"ABC", sent)

    def test_a_second_request_on_the_connection_goes_nowhere(self):
        first = "GET / HTTP/1.1\nHost: api.example.com\n\n"
        second = "GET /steal HTTP/1.1\nHost: evil.example.net\n\n"
        for named in ({"send": request(first + second)}, {"send": request(first), "then": request(second)}):
            result = self.fw.probe("tcp", host=GOOD, port=80, half_close=False, **named)
            self.assertIn(b"hello", bytes.fromhex(result["received"]))
            sent = b"".join(data for _, _, data in self.arrived(world.ALLOWED, 80))
            self.assertNotIn(b"steal", sent)
            self.assertNotIn(b"evil", sent)

    def test_other_hosts_and_odd_requests_are_refused_on_80(self):
        cases = {"host-mismatch": ["GET / HTTP/1.1\nHost: evil.example.net\n\n", "GET / HTTP/1.1\nHost: 198.51.100.10\n\n",
                                   "GET / HTTP/1.1\nHost: api.example.com@evil.example.net\n\n",
                                   "GET / HTTP/1.1\nHost: api.example.com:8080\n\n"],
                 "bad-request": ["CONNECT evil.example.net:443 HTTP/1.1\nHost: api.example.com\n\n",
                                 "GET http://evil.example.net/ HTTP/1.1\nHost: api.example.com\n\n",
                                 "GET / HTTP/1.1\nHost: api.example.com\nHost: evil.example.net\n\n",
                                 "GET / HTTP/1.1\nX: y\n Host: evil.example.net\nHost: api.example.com\n\n",
                                 "GET / HTTP/1.1\nHost: api.example.com\nTransfer-Encoding: chunked\n\n0\n\n",
                                 "PRI * HTTP/2.0\n\nSM\n\n",
                                 *(f"POST / HTTP/1.1\nHost: api.example.com\nContent-Length: {length}\n\n"
                                   "GET / HTTP/1.1\nHost: evil.example.net\n\n" for length in LENGTHS)]}
        for reason, texts in cases.items():
            for text in texts:
                result = self.fw.probe("tcp", host=GOOD, port=80, send=request(text))
                self.assert_nothing_arrived()
                self.assertLess(result["seconds"], world.AT_ONCE)
                page = bytes.fromhex(result["received"])
                self.assertTrue(page.startswith(b"HTTP/1.1 403 "), (text, page))
                self.assertIn(b'"testbox"', page)
                self.assertIn(b"agentbox allow api.example.com:80", page)
                self.fw.wait_audit(kind="connect", reason=reason)

    def test_private_and_special_answers_are_refused(self):
        for address in ("10.77.0.1", "127.0.0.1", world.METADATA, "192.168.1.1", "100.64.0.1", "0.0.0.0", "198.18.0.1",
                        "224.0.0.1", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
                        self.fw.address, self.fw.address6):
            name = f"n{len(self.internet.names.table)}.wild.example.com"
            self.internet.names.table[name] = [address]
            result = self.tls(real_hello(name), host=name)
            self.assertLess(result["seconds"], world.AT_ONCE)
            self.assertEqual(result.get("received", ""), "", (address, result))
            self.assert_nothing_arrived()
            record = self.fw.wait_audit(kind="connect", name=name)[0]
            self.assertEqual((record["verdict"], record["reason"]), ("deny", "refused-address"), address)

    def test_a_private_answer_is_dialled_only_where_the_policy_says(self):
        for name, reaches in (("open.example.com", False), ("inside.example.com", True)):
            self.internet.names.table[name] = ["10.77.0.3"]
            world.run("ip", "address", "replace", "10.77.0.3/32", "dev", "lo")
            if reaches:
                self.internet.sink.listen("10.77.0.3", 22)
            result = self.tls(b"x", host=name, port=22)
            self.assertEqual(result.get("received") == b"x".hex(), reaches, (name, result))

    def test_the_gateway_and_metadata_are_refused_even_then(self):
        for address in (world.GATEWAY, world.METADATA, "127.0.0.1", self.fw.address):
            self.internet.names.table["inside.example.com"] = [address]
            time.sleep(0.01)
            box = self.box(allow=["inside.example.com:22"], private=["inside.example.com"]).start()
            result = box.probe("tcp", host="inside.example.com", port=22, send="78")
            self.assertEqual(result.get("received", ""), "", address)
            if address != self.fw.address:
                self.assertEqual(box.wait_audit(kind="connect")[0]["reason"], "refused-address", address)
            self.assert_nothing_arrived()
            box.close()

    def test_a_listed_host_without_an_address_fails_immediately_and_says_so(self):
        self.assert_quick(lambda: self.tls(b"x", host="gone.example.com", port=22))
        record = self.fw.wait_audit(name="gone.example.com")[0]
        self.assertEqual((record["verdict"], record["reason"]), ("allow", "upstream-dns"))

    def test_a_changed_resolv_conf_is_followed(self):
        (self.fw.path / "resolv.conf").write_text("nameserver 127.0.0.1\n", encoding="ascii")
        time.sleep(1.1)
        self.tls(b"x", host="git.example.com", port=22)
        self.assertIn("no name server", self.fw.wait_audit(reason="upstream-dns")[0]["text"])
        (self.fw.path / "resolv.conf").write_text(f"nameserver {world.GATEWAY}\n", encoding="ascii")
        time.sleep(1.1)
        self.assert_echoed(self.tls(b"x", host="git.example.com", port=22), b"x")

    def test_a_virtual_address_without_a_name_is_refused(self):
        for address in ("198.18.0.250", "198.19.255.254", "198.18.0.0"):
            result = self.fw.probe("tcp", host=address, port=443, send=real_hello(GOOD).hex())
            self.assertEqual(result.get("received", ""), "")
            self.assert_nothing_arrived()
            self.fw.wait_audit(kind="connect", address=address, reason="no-name")

    def test_the_proxy_cannot_be_asked_directly(self):
        self.fw.probe("tcp", host="127.0.0.1", port=1023, send=real_hello(GOOD).hex())
        self.assert_nothing_arrived()
        self.fw.wait_audit(kind="connect", reason="no-name")

    def test_the_proxys_and_the_resolvers_ports_cannot_be_shared(self):
        for port in (1023, 53):
            for address in ("127.0.0.1", "0.0.0.0"):
                self.assertFalse(self.fw.probe("bind", address, port, reuse=True)["ok"])
        self.assertTrue(self.fw.probe("bind", "127.0.0.1", 8080, reuse=True)["ok"])

    def test_slow_and_half_open_connections_leave_room_for_others(self):
        flood = self.fw.probe("flood", GOOD, 443, 300, keep=0.1)
        self.assertEqual(flood["failed"], 0)
        data = real_hello(GOOD)
        self.assert_echoed(self.tls(data), data)
        self.assertIsNone(self.fw.firewall.poll())

    def test_descriptors_come_back_after_churn(self):
        directory = pathlib.Path(f"/proc/{self.fw.firewall.pid}/fd")
        data = real_hello(GOOD).hex()
        self.fw.probe("tcp", host=GOOD, port=443, send=data)
        before = len(list(directory.iterdir()))
        for _ in range(20):
            self.fw.probe("tcp", host=GOOD, port=443, send=data)
            self.fw.probe("tcp", host=GOOD, port=443, send="00")
        world.wait_until(lambda: len(list(directory.iterdir())) <= before + 2, lambda: f"{len(list(directory.iterdir()))} descriptors, {before} before")
