# SPDX-License-Identifier: Apache-2.0
"""Listed ports besides 443 and 80: TLS and HTTP must name the host there as well, and everything else passes."""
import world
from tls_bytes import ALERT, ASKS_FOR_RETRY, ECH, RETRY, hello, message, real_hello, records, server_names

GOOD, EVIL = "api.example.com", "evil.example.net"
PORT, WEB, TALKS = 8443, 8080, 8022  # an echo, a web server, and a server that speaks first
GREETING = b"SSH-2.0-server\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
AFTER = b"\x17\3\3\0\5after"


def request(text):
    return text.replace("\n", "\r\n").encode()


class Ports(world.FirewallTest):
    def setUp(self):
        super().setUp()
        if not self.internet.__dict__.setdefault("ports", False):
            self.internet.ports = True
            self.internet.sink.listen(world.ALLOWED, PORT)
            self.internet.sink.listen(world.ALLOWED, WEB, PAGE)
            self.internet.sink.listen(world.ALLOWED, TALKS, greeting=GREETING)
        self.internet.names.table["ech.example.com"] = [world.ALLOWED]
        self.fw = self.box(allow=[f"{host}:{port}" for host in (GOOD, "ech.example.com") for port in (PORT, WEB, TALKS)],
                           ech=["ech.example.com"], allow_addresses=[f"{world.ALLOWED}:{PORT}"]).start()

    def send(self, data, port=PORT, host=GOOD, **more):
        return self.fw.probe("tcp", host=host, port=port, send=data.hex(), **more)

    def got(self):
        """Returns what the server received since the last call."""
        return b"".join(data for _, _, data in self.arrived())

    def assert_echoed(self, result, data):
        self.assertTrue(result["ok"], result)
        self.assertEqual(bytes.fromhex(result["received"]), data)

    def assert_refused(self, result, reason, reply=b""):
        self.assertEqual(self.got(), b"")
        self.assertLess(result["seconds"], world.AT_ONCE)
        self.assertEqual(bytes.fromhex(result.get("received", "")), reply, result)
        record = self.fw.wait_audit(kind="connect", reason=reason)[-1]
        self.assertEqual((record["verdict"], record["name"], record["bytes_up"]), ("deny", GOOD, 0))

    def test_the_listed_name_passes(self):
        for data in (real_hello(GOOD) + AFTER, records(message(server_names(GOOD)), 20)):
            self.assert_echoed(self.send(data), data)
            self.assert_echoed(self.send(data, split=1, pause=0.0005), data)
        record = self.fw.wait_audit(kind="connect", name=GOOD)[0]
        self.assertEqual((record["verdict"], record["reason"], record["rule"]), ("allow", "allowed", f"{GOOD}:{PORT}"))

    def test_another_name_is_refused(self):
        self.assert_refused(self.send(real_hello(EVIL)), "sni-mismatch", ALERT)
        self.assertIn(EVIL, self.fw.audit(reason="sni-mismatch")[0]["text"])
        for more in ({"split": 1, "pause": 0.0005}, {"split": 37}):
            self.assert_refused(self.send(real_hello(EVIL), **more), "sni-mismatch", ALERT)

    def test_a_slow_client_is_held_to_the_name_as_well(self):
        """The part of a pausing client's bytes that is forwarded is never enough for a server to act on."""
        for data in (real_hello(EVIL), request(f"GET / HTTP/1.1\nHost: {EVIL}\n\n")):
            for at in (1, 2, 3):
                self.send(data[:at], then=data[at:].hex(), wait=2.5)
                self.assertLessEqual(len(self.got()), at)
        self.fw.wait_audit(kind="connect", reason="sni-mismatch")
        self.fw.wait_audit(kind="connect", reason="host-mismatch")
        data = request(f"GET / HTTP/1.1\nHost: {GOOD}:{PORT}\n\n")
        self.assert_echoed(self.send(data[:3], then=data[3:].hex(), wait=2.5), data[:-2] + b"Connection: close\r\n\r\n")

    def test_hidden_and_missing_names_pass_only_where_the_policy_says(self):
        for data in (hello(server_names("front.example"), ECH), hello()):
            self.assert_echoed(self.send(data, host="ech.example.com"), data)
        self.got()
        self.assert_refused(self.send(hello(server_names(GOOD), ECH)), "ech", ALERT)
        self.assert_refused(self.send(hello()), "sni-missing", ALERT)

    def test_what_only_begins_like_tls_is_refused(self):
        for data in (b"\x16\3\1\0\5xxxxx" * 9, b"\x15\3\3\0\2\1\x5a" + real_hello(EVIL), b"\x14\3\3\0\1\1" + real_hello(EVIL),
                     b"\x80\x2e\1\3\1\0\x15\0\0\0\x10" + b"x" * 40):
            self.assert_refused(self.send(data), "not-tls")
        self.assert_refused(self.send(real_hello(EVIL)[:100]), "no-hello")

    def test_another_name_in_a_second_hello_is_refused(self):
        first = hello(server_names(GOOD), ASKS_FOR_RETRY)
        same = real_hello(GOOD) + AFTER
        self.assert_echoed(self.send(first, then=same.hex()), RETRY + same)
        self.got()
        self.send(first, then=(real_hello(EVIL) + AFTER).hex())
        self.fw.wait_audit(kind="connect", reason="sni-mismatch")
        self.assertEqual(self.got(), first)

    def test_http_passes_once_and_with_the_right_host(self):
        for host in (f"{GOOD}:{WEB}", GOOD, GOOD.upper()):
            head = f"GET /a HTTP/1.1\nHost: {host}\n"
            result = self.send(request(head + f"\nGET /steal HTTP/1.1\nHost: {EVIL}\n\n"), port=WEB, half_close=False)
            self.assertEqual(bytes.fromhex(result["received"]), PAGE)
            self.assertEqual(self.got(), request(head + "Connection: close\n\n"))

    def test_other_hosts_and_odd_requests_are_refused(self):
        cases = {"host-mismatch": [f"GET / HTTP/1.1\nHost: {EVIL}\n\n", f"GET / HTTP/1.1\nHost: {GOOD}:80\n\n",
                                   f"GET / HTTP/1.1\nHost: {EVIL}:{WEB}\n\n"],
                 "bad-request": [f"CONNECT {EVIL}:443 HTTP/1.1\nHost: {GOOD}\n\n", f"CONNECT {GOOD}:443 HTTP/1.1\nHost: {GOOD}\n\n",
                                 f"GET http://{EVIL}/ HTTP/1.1\nHost: {GOOD}\n\n", f"GET http://{EVIL}/\n", "GET /\n",
                                 f"\nGET / HTTP/1.1\nHost: {EVIL}\n\n", f"GET  /\t HTTP/1.1\nHost: {EVIL}\n\n",
                                 f"get / http/1.1\nHost: {EVIL}\n\n", f"GET / HTTP/1.1 \nHost: {EVIL}\n\n",
                                 f"GET / HTTP/1.7\nHost: {EVIL}\n\n", "PRI * HTTP/2.0\n\nSM\n\n",
                                 f"GET /{'x' * 20000} HTTP/1.1\nHost: {EVIL}\n\n"]}
        for reason, texts in cases.items():
            for text in texts:
                result = self.send(request(text), port=WEB)
                self.assertEqual(self.got(), b"", text[:80])
                page = bytes.fromhex(result["received"])
                self.assertTrue(page.startswith(b"HTTP/1.1 403 "), (text[:80], page))
                self.assertIn(f"agentbox allow {GOOD}:{WEB}".encode(), page)
                self.fw.wait_audit(kind="connect", reason=reason)
        bare = f"GET / HTTP/1.1\nHost: {EVIL}\n\n".encode()
        self.assertTrue(bytes.fromhex(self.send(bare, port=WEB)["received"]).startswith(b"HTTP/1.1 403 "))
        self.assertEqual(self.got(), b"")

    def test_other_protocols_pass(self):
        for data in (b"SSH-2.0-client\r\n\0\0\1", b"\0\0\0\x08\x04\xd2\x16\x2f", b"*1\r\n$4\r\nPING\r\n", b"PING\r\n", b"AMQP\0\0\x09\1",
                     b"EHLO me\r\n", b'{"id":1}', b"CONNECT {}\r\n", b"0032git-upload-pack /x\0host=y\0", b"\xff\xfb\1", b"\x16\4",
                     bytes(range(256))):
            for more in ({}, {"split": 1, "pause": 0.0005}):
                self.assert_echoed(self.send(data, **more), data)

    def test_a_long_first_word_passes_unless_it_is_a_method(self):
        for data in (b"p" * 50000, b"p" * 50000 + b"\r\nGET / HTTP/1.1\r\n", b"p" * 50000 + b"/ HTTP/1.1\r\n"):
            self.assert_echoed(self.send(data), data)
        self.got()
        self.send(b"p" * 50000 + request(f" / HTTP/1.1\nHost: {EVIL}\n\n"))
        self.assertNotIn(EVIL.encode(), self.got())
        self.assertIn("method", self.fw.wait_audit(kind="connect", reason="bad-request")[0]["text"])

    def test_a_client_that_waits_for_an_answer_to_a_part_of_a_line_gets_it(self):
        for data in (b"\r\n", b"hello", b"G", b"\x16"):
            result = self.fw.probe("exchange", GOOD, PORT, ["", data.hex()])
            self.assertEqual(bytes.fromhex(result["received"]), data, result)

    def test_a_server_that_speaks_first_is_heard_immediately(self):
        for steps in (["", b"SSH-2.0-client\r\n".hex()], [b"SSH-2.0-client\r\n".hex(), "0001"]):
            result = self.fw.probe("exchange", GOOD, TALKS, steps)
            self.assertEqual(bytes.fromhex(result["received"]), GREETING + b"".join(map(bytes.fromhex, steps)), result)
        quick = self.assert_quick(lambda: self.fw.probe("greeting", GOOD, TALKS))
        self.assertEqual(bytes.fromhex(quick["received"]), GREETING)
        record = self.fw.wait_audit(kind="connect", port=TALKS)[0]
        self.assertEqual((record["verdict"], record["bytes_down"]), ("allow", len(GREETING) + 16))

    def test_tls_after_the_servers_greeting_is_held_to_the_name(self):
        result = self.send(real_hello(EVIL), port=TALKS, before=len(GREETING))
        self.assertEqual(self.got(), b"")
        self.assertEqual(bytes.fromhex(result["received"]), GREETING + ALERT)
        self.fw.wait_audit(kind="connect", reason="sni-mismatch")
        data = real_hello(GOOD)
        self.assert_echoed(self.send(data, port=TALKS, before=len(GREETING)), GREETING + data)

    def test_an_address_has_no_name_to_compare(self):
        data = real_hello(EVIL)
        self.assert_echoed(self.send(data, host=world.ALLOWED), data)

    def test_many_clients_that_say_nothing_leave_room_for_others(self):
        self.assertEqual(self.fw.probe("flood", GOOD, PORT, 300, keep=0.1)["failed"], 0)
        data = real_hello(GOOD)
        self.assert_echoed(self.send(data), data)
        self.assertIsNone(self.fw.firewall.poll())
