# SPDX-License-Identifier: Apache-2.0
"""Odd TLS messages from the box, and answers that a hostile name server sends through the host's resolver."""
import struct

import world
from tls_bytes import ALERT, ECH, extension, hello, message, records, server_names, sized

GOOD, WILD, PORT = "api.example.com", "wild.example.com", 22
A, CNAME, AAAA = 1, 5, 28
EVIL = "evil.example.net"
PLAIN_ALERT, CHANGE = b"\x15\3\1\0\2\1\0", b"\x14\3\1\0\1\1"


def named(name):
    """Returns a hello whose server name is `name`, any bytes."""
    return hello(extension(0, sized(b"\0" + sized(name))))


def interrupted(between):
    """Returns a hello in two records, with `between` between them."""
    data = message(server_names(GOOD))
    return records(data[:20]) + between + records(data[20:])


class Hellos(world.FirewallTest):
    def setUp(self):
        super().setUp()
        self.fw = self.box(allow=[GOOD, f"{GOOD}:4443"]).start()

    def send(self, data, port=443):
        return self.fw.probe("tcp", host=GOOD, port=port, send=data.hex())

    def test_harmless_oddities_pass(self):
        grease = b"".join(extension(0x1010 * n + 0x0A0A, b"g" * n) for n in range(16))
        for what, data in {
                "GREASE in every place": hello(grease, server_names(GOOD), grease), "capitals": named(b"API.Example.COM"),
                "the name last, after padding": hello(extension(21, bytes(9000)), extension(41, b"psk"), server_names(GOOD)),
                "a record for each byte": records(message(server_names(GOOD)), 1),
                "SSL 3.0 on the record": b"\x16\3\0" + named(GOOD.encode())[3:]}.items():
            for port in (443, 4443):
                with self.subTest(what=what, port=port):
                    self.assertEqual(self.send(data, port).get("received"), data.hex())

    def test_hellos_that_servers_read_differently_are_refused(self):
        odd = {"a dot at the end": (named(b"api.example.com."), "sni-mismatch"), "two dots": (named(b"api.example.com.."), "sni-mismatch"),
               "NUL at the end": (named(b"api.example.com\0"), "sni-mismatch"), "NUL within": (named(b"api.example.com\0." + EVIL.encode()), "sni-mismatch"),
               "a port": (named(b"api.example.com:443"), "sni-mismatch"), "a full-width dot": (named("api．example.com".encode()), "sni-mismatch"),
               "a Cyrillic letter": (named("аpi.example.com".encode()), "sni-mismatch"),
               "the same in Punycode": (named(b"xn--pi-7kc.example.com"), "sni-mismatch"), "a soft hyphen": (named("api\u00ad.example.com".encode()), "sni-mismatch"),
               "an escape": (named(b"api\\.example.com"), "sni-mismatch"), "300 bytes": (named(b"a." * 150 + GOOD.encode()), "sni-mismatch"),
               "an alert within": (interrupted(PLAIN_ALERT), "not-tls"), "ChangeCipherSpec within": (interrupted(CHANGE), "not-tls"),
               "an empty record within": (interrupted(b"\x16\3\1\0\0"), "not-tls"), "a second hello within": (interrupted(named(EVIL.encode())), "not-tls"),
               "inner ECH": (hello(server_names(GOOD), extension(0xFE0D, b"\1")), "ech"), "ECH before the name": (hello(ECH, server_names(GOOD)), "ech"),
               **{f"draft {kind:x} of ECH": (hello(server_names(GOOD), extension(kind, b"x" * 40)), "ech")
                  for kind in (0xFE08, 0xFE09, 0xFE0A, 0xFE0B, 0xFE0C, 0xFF02, 0xFFCE)}}
        for what, (data, reason) in odd.items():
            for port in (443, 4443):
                with self.subTest(what=what, port=port):
                    self.assertIn(self.send(data, port).get("received", ""), ("", ALERT.hex()), "the server answered")
                    self.assertEqual(b"".join(data for _, _, data in self.arrived()), b"")
        for reason in {reason for _, reason in odd.values()}:
            self.assertEqual({one["verdict"] for one in self.fw.wait_audit(kind="connect", reason=reason)}, {"deny"})


class Answers(world.FirewallTest):
    """The owner of a listed wildcard chooses what the host's name servers pass on."""

    def setUp(self):
        super().setUp()
        self.fw = self.box(allow=[f"*.{WILD}:{PORT}"]).start()
        self.craft = {}
        names, plain = self.internet.names, self.internet.names._answer
        self.addCleanup(setattr, names, "_answer", plain)
        names._answer = lambda message, end, name, kind: self.craft[name](message, end, kind) if name in self.craft else plain(message, end, name, kind)

    def reach(self, label, craft=None):
        """Connects to a name with these answers; returns where bytes arrived."""
        name = f"{label}.{WILD}"
        if craft:
            self.craft[name] = craft
        self.internet.names.table.setdefault(name, [world.ALLOWED])
        self.arrived()
        self.fw.probe("tcp", host=name, port=PORT, send="7071")
        return {(address, data) for address, _, data in self.arrived() if data}

    @staticmethod
    def reply(message, end, *answers, flags=0x8180, question=None, number=None, additional=()):
        return (message[:2] + struct.pack(">HHHHH", flags, 1, len(answers) if number is None else number, 0, len(additional)) +
                (message[12:end + 4] if question is None else question) + b"".join((*answers, *additional)))

    @staticmethod
    def record(kind, data, owner=b"\xc0\x0c", klass=1, size=None):
        return owner + struct.pack(">HHIH", kind, klass, 60, len(data) if size is None else size) + data

    @staticmethod
    def wire(name):
        return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"

    def test_hostile_answers_open_no_connection(self):
        good, evil, metadata = (bytes(map(int, address.split("."))) for address in (world.ALLOWED, world.EVIL, world.METADATA))
        reply, record, wire = self.reply, self.record, self.wire
        other = wire(EVIL) + b"\0\1\0\1"

        def chain(length, last):
            names = [wire(f"c{i}.{WILD}") for i in range(length)]
            links = [record(CNAME, names[0])] + [record(CNAME, after, before) for before, after in zip(names, names[1:])]
            return [*links, record(A, last, names[-1])]
        hostile = {
            "loop": lambda m, e, k: reply(m, e, record(k, good, owner=bytes([0xC0, e + 4]))),
            "loop-of-two": lambda m, e, k: reply(m, e, record(CNAME, bytes([0xC0, e + 18, 0xC0, e + 16]))),
            "pointer-past-the-end": lambda m, e, k: reply(m, e, record(k, good, owner=b"\xff\xff")),
            "alias-of-itself": lambda m, e, k: reply(m, e, record(CNAME, b"\xc0\x0c")),
            "long-label": lambda m, e, k: reply(m, e, record(k, good, owner=b"\x7f" + b"x" * 127 + b"\0")),
            "endless-name": lambda m, e, k: reply(m, e, record(CNAME, (b"\x3f" + b"x" * 63) * 40 + b"\0")),
            "other-question": lambda m, e, k: reply(m, e, record(A, evil), question=other),
            "other-id": lambda m, e, k: bytes([m[0] ^ 1]) + reply(m, e, record(A, evil))[1:],
            "no-question": lambda m, e, k: reply(m, e, record(A, evil, owner=wire(EVIL)), question=b"")[:4] + b"\0\0" + reply(m, e, record(A, evil, owner=wire(EVIL)), question=b"")[6:],
            "lying-count": lambda m, e, k: reply(m, e, record(A, good), number=65535),
            "short-address": lambda m, e, k: reply(m, e, record(A, good[:3])),
            "long-record": lambda m, e, k: reply(m, e, record(A, good, size=60000)),
            "another-class": lambda m, e, k: reply(m, e, record(A, evil, klass=3)),
            "metadata": lambda m, e, k: reply(m, e, record(A, metadata)),
            "metadata-behind-aliases": lambda m, e, k: reply(m, e, *chain(8, metadata)),
            "mapped-metadata": lambda m, e, k: reply(m, e, record(AAAA, bytes(10) + b"\xff\xff" + metadata)),
            "translated-metadata": lambda m, e, k: reply(m, e, record(AAAA, bytes.fromhex("0064ff9b") + bytes(8) + metadata)),
            "additional-only": lambda m, e, k: reply(m, e, additional=(record(A, evil),)),
            "cut": lambda m, e, k: reply(m, e, record(A, good))[:-2],
            "empty": lambda m, e, k: b"",
            "noise": lambda m, e, k: m[:2] + b"\xff" * 500,
        }
        for what, craft in hostile.items():
            with self.subTest(what=what):
                self.assertEqual(self.reach(what, craft), set())
                self.assertEqual(self.reach(f"after-{what}"), {(world.ALLOWED, b"pq")}, "the next name is not reached")
        # The controls: valid answers of the same forms.
        for what, craft in {"aliases": lambda m, e, k: reply(m, e, *chain(8, good)),
                            "many": lambda m, e, k: reply(m, e, *[record(A, metadata)] * 60, record(A, good)) if k == A else reply(m, e)}.items():
            with self.subTest(what=what):
                self.assertEqual(self.reach(what, craft), {(world.ALLOWED, b"pq")})
        self.assertIsNone(self.fw.firewall.poll())
