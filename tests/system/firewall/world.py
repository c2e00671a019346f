# SPDX-License-Identifier: Apache-2.0
"""The world around a firewall under test: an internet in the test's own namespace, and boxes in namespaces below it.

internet   203.0.113.5 an allowed host, 198.51.100.10 a hostile one, 169.254.169.254 metadata, 192.0.2.99 a host in the
           LAN, 10.77.0.1 the gateway with the DNS server, 2001:db8:5::5 an allowed host's IPv6 address
box        10.77.0.2, with a default route to the gateway in both families"""
import contextlib
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import probe
from tls_bytes import ASKS_FOR_RETRY, RETRY

PROGRAM = ""
HERE = pathlib.Path(__file__).resolve().parent
# A build with AddressSanitizer cannot check for leaks: the firewall forbids being traced.
ENVIRONMENT = {"PATH": os.environ["PATH"], "ASAN_OPTIONS": "detect_leaks=0"}
NONCE = "0123456789abcdef0123456789abcdef"
ALLOWED, EVIL, METADATA, LAN, GATEWAY = "203.0.113.5", "198.51.100.10", "169.254.169.254", "192.0.2.99", "10.77.0.1"
ALLOWED6 = "2001:db8:5::5"
PATIENCE = 60  # seconds to wait for an event, on a slow machine
AT_ONCE = 9    # seconds for an event that must not wait for a timeout: the shortest, of a handshake, is 10 s


def is_sanitized():
    """Returns whether the program was built with AddressSanitizer: its memory use is not meaningful."""
    return b"__asan_init" in pathlib.Path(PROGRAM).read_bytes()


def in_order(entries):
    """Returns entries of a list in the order that the policy's JSON demands: by name, then pattern, then port."""
    def key(entry):
        name, _, port = entry.partition(":")
        return name.removeprefix("*."), name.startswith("*."), int(port or 443)
    return sorted(entries, key=key)


def wait_until(condition, what):
    """Polls `condition` until it holds, however slow the machine is; fails with the words that `what` returns."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE} s: {what()}")
        time.sleep(0.02)


def run(*argv, **more):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **more).stdout


class Sink:
    """Servers that keep every byte they get: TCP (which echoes) and UDP on each address and port."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seen = []  # (address, port, bytes)
        self.sockets = []

    def listen(self, address, port, answer=None, greeting=b""):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = socket.create_server((address, port), family=family, backlog=512)
        threading.Thread(target=self._accept, args=(server, address, port, answer, greeting), daemon=True).start()
        datagrams = socket.socket(family, socket.SOCK_DGRAM)
        if not (address == GATEWAY and port == 53):
            datagrams.bind((address, port))
            threading.Thread(target=self._datagrams, args=(datagrams, address, port), daemon=True).start()

    def _note(self, address, port, data):
        with self.lock:
            self.seen.append((address, port, data))

    def _accept(self, server, address, port, *words):
        while True:
            client, _ = server.accept()
            threading.Thread(target=self._serve, args=(client, address, port, *words), daemon=True).start()

    def _serve(self, client, address, port, answer, greeting):
        self._note(address, port, b"")  # the connection itself
        with contextlib.suppress(OSError), client:
            client.sendall(greeting)
            first = True
            while data := client.recv(1 << 20):
                again = first and ASKS_FOR_RETRY in data
                if first or len(self.seen) < 10000:
                    self._note(address, port, data[:4096])
                first = False
                if answer:
                    client.sendall(answer)
                    return
                client.sendall(RETRY if again else data)

    def _datagrams(self, server, address, port):
        while True:
            data, peer = server.recvfrom(4096)
            self._note(address, port, data)
            server.sendto(data, peer)

    def pop_seen(self, address=None, port=None):
        """Returns what arrived since the last call (at one address, one port)."""
        with self.lock:
            found = [item for item in self.seen if address in (None, item[0]) and port in (None, item[1])]
            self.seen.clear()
        return found


class Names:
    """A DNS server of the internet: a table of names, which the servers share, and a log of questions. It can be slow, broken or
    dead: `mute` makes it silent, `drops` has the types of question that it never answers, `delays` the seconds that it takes
    for a type, `rcode` what it answers to everything."""

    def __init__(self, address, table):
        self.address, self.table = address, table
        self.reset()
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server.bind((address, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def reset(self):
        self.asked, self.kinds, self.mute, self.drops, self.delays, self.rcode = [], [], False, set(), {}, None

    def _serve(self):
        while True:
            message, peer = self.server.recvfrom(4096)
            if len(message) < 17:
                continue  # no question
            end = probe.skip_name(message, 12)
            labels, at = [], 12
            while message[at]:
                labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
                at += 1 + message[at]
            name, kind = ".".join(labels).lower(), struct.unpack(">H", message[end:end + 2])[0]
            self.asked.append(name)
            self.kinds.append((name, kind))
            if self.mute or kind in self.drops:
                continue
            answer = self._answer(message, end, name, kind)
            if delay := self.delays.get(kind):
                threading.Timer(delay, self.server.sendto, (answer, peer)).start()
            else:
                self.server.sendto(answer, peer)

    def _answer(self, message, end, name, kind):
        addresses = [a for a in self.table.get(name, []) if (":" in a) == (kind == 28)] if kind in (1, 28) else []
        rcode = self.rcode if self.rcode is not None else 0 if name in self.table else 3
        addresses = [] if rcode else addresses
        answer = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, 16 if kind == 28 else 4) +
                          socket.inet_pton(socket.AF_INET6 if kind == 28 else socket.AF_INET, a) for a in addresses)
        return (message[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, len(addresses), 0, 0) + message[12:end + 4] + answer)


class Internet:
    """Everything that boxes could reach; made only once."""
    made = None

    def __init__(self):
        for address in (ALLOWED, EVIL, METADATA, LAN):
            run("ip", "address", "add", f"{address}/32", "dev", "lo")
        for address in (ALLOWED6, "2001:db8:66::66"):
            run("ip", "address", "add", f"{address}/128", "dev", "lo", "nodad")
        run("ip", "link", "set", "lo", "up")
        pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("0", encoding="ascii")
        # An ICMP error for each datagram, however many came before.
        for family in ("ipv4/icmp_ratelimit", "ipv6/icmp/ratelimit"):
            pathlib.Path(f"/proc/sys/net/{family}").write_text("0", encoding="ascii")
        run("ip", "link", "add", "hub", "type", "bridge")
        for family in ("iptables", "ip6tables", "arptables"):  # the bridge is only a wire, without netfilter
            knob = pathlib.Path(f"/proc/sys/net/bridge/bridge-nf-call-{family}")
            if knob.exists():
                knob.write_text("0", encoding="ascii")
        run("ip", "address", "add", f"{GATEWAY}/16", "dev", "hub")
        run("ip", "address", "add", "2001:db8:77::1/64", "dev", "hub", "nodad")
        run("ip", "link", "set", "hub", "up")
        self.sink, self.names, self.boxes = Sink(), Names(GATEWAY, {}), 0
        page = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
        for address in (ALLOWED, EVIL, METADATA, LAN, GATEWAY, ALLOWED6, "2001:db8:66::66"):
            for port in (22, 80, 443, 853, 4443):
                self.sink.listen(address, port, page if port == 80 else None)
        for address in (ALLOWED, EVIL, METADATA):
            self.sink.listen(address, 53)

    @classmethod
    def get(cls):
        cls.made = cls.made or cls()
        return cls.made


class Box:
    """A user and network namespace as Podman makes them, and the firewall in them. `uplink`: what the network program has
    set up when the firewall starts: a "link" with an address, and default "route4" and "route6"."""

    def __init__(self, uplink=("link", "route4", "route6"), **policy):
        self.internet = Internet.get()
        self.internet.boxes += 1
        number = self.internet.boxes
        self.directory = tempfile.TemporaryDirectory(prefix="agentbox-fw-")
        self.path = pathlib.Path(self.directory.name)
        for name in ("run", "audit"):
            (self.path / name).mkdir()
        (self.path / "resolv.conf").write_text(f"nameserver {GATEWAY}\n", encoding="ascii")
        self.write_policy(**policy)
        self.holder = subprocess.Popen(["unshare", "--user", "--map-root-user", "--net", "sh", "-c", "echo; exec sleep infinity"],
                                       stdout=subprocess.PIPE)
        self.holder.stdout.readline()  # its namespaces and their maps are made
        self.firewall = None
        last = number % 200 + 10
        self.address, self.address6 = f"10.77.0.{last}", f"2001:db8:77::{last:x}"
        self.interface = f"box{number}"
        self.enter("ip", "link", "set", "lo", "up")
        self.connect(uplink)

    def connect(self, uplink):
        """Sets up the routes like slirp4netns or pasta, in any order and at any time."""
        if "link" in uplink:
            run("ip", "link", "add", self.interface, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
            run("ip", "link", "set", self.interface, "master", "hub", "up")
            for command in ("link set eth0 up", f"address add {self.address}/16 dev eth0",
                            f"address add {self.address6}/64 dev eth0 nodad"):
                self.enter("ip", *command.split())
        for name, gateway in (("route4", GATEWAY), ("route6", "2001:db8:77::1")):
            if name in uplink:
                self.enter("ip", "route", "add", "default", "via", gateway)

    def write_policy(self, allow=(), block=(), ech=(), private=(), mode="filtered", text=None, **more):
        """`more`: the policy's other keys, unchanged (allow_addresses, host_ports, max_upload, …)."""
        policy = {"version": 1, "mode": mode, "virtual_range": "198.18.0.0/15", "allow": in_order(allow),
                  "block": in_order(block), "allow_ech": in_order(ech), "allow_private": in_order(private), **more}
        (self.path / "egress.json").write_text(json.dumps(policy) if text is None else text, encoding="utf-8")

    def into(self, capabilities):
        flags = ",".join(["-all", *("+" + name for name in capabilities)])
        return ["nsenter", "--target", str(self.holder.pid), "--user", "--net", "--preserve-credentials", "setpriv",
                "--no-new-privs", "--inh-caps", flags, "--ambient-caps", flags, "--bounding-set", flags]

    def enter(self, *argv):
        return run("nsenter", "--target", str(self.holder.pid), "--user", "--net", "--preserve-credentials", *argv)

    def arguments(self, *more):
        return [PROGRAM, "serve", "--box", "testbox", "--nonce", NONCE, "--policy", str(self.path / "egress.json"),
                "--run", str(self.path / "run"), "--audit", str(self.path / "audit"),
                "--resolv", str(self.path / "resolv.conf"), *more]

    def start(self, *more, capabilities=("net_admin", "net_bind_service"), wait=True):
        """Starts the firewall, and waits until it is ready."""
        self.firewall = subprocess.Popen([*self.into(capabilities), *self.arguments(*more)], stderr=subprocess.PIPE,
                                         text=True, env=ENVIRONMENT)
        if not wait:
            return self
        deadline = time.monotonic() + PATIENCE
        while not (self.path / "run" / "ready").exists():
            if self.firewall.poll() is not None:
                raise AssertionError(f"the firewall ended with {self.firewall.returncode}: {self.firewall.stderr.read()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"the firewall is not ready within {PATIENCE} s")
            time.sleep(0.002)
        return self

    def stop(self, number=signal.SIGTERM):
        """Ends the firewall; returns its exit code and how long it took."""
        start = time.monotonic()
        self.firewall.send_signal(number)
        code = self.firewall.wait(timeout=PATIENCE)
        seconds = time.monotonic() - start
        print(self.firewall.stderr.read(), end="")  # empty, unless a sanitizer reports something
        self.firewall.stderr.close()
        self.firewall = None
        return code, seconds

    def probe(self, what, /, *arguments, capabilities=(), **named):
        """Runs a probe in the box without any capability, as the agent does."""
        out = run(*self.into(capabilities), sys.executable, "-IS", str(HERE / "probe.py"), what, json.dumps([arguments, named]))
        return json.loads(out)

    def audit(self, **wanted):
        """Returns the records with these values."""
        lines = (self.path / "audit" / "testbox.jsonl").read_text(encoding="utf-8").splitlines()
        records = []
        for line in lines:
            with contextlib.suppress(json.JSONDecodeError):  # a full disk cuts a line
                records.append(json.loads(line))
        return [record for record in records if all(record[key] == value for key, value in wanted.items())]

    def wait_audit(self, count=1, **wanted):
        """Returns the records with these values, as soon as there are `count` of them."""
        wait_until(lambda: len(self.audit(**wanted)) >= count, lambda: f"{count} records {wanted}; there are {self.audit()}")
        return self.audit(**wanted)

    def totals(self, **wanted):
        """Returns the sums with these values."""
        file = self.path / "audit" / "testbox.totals"
        sums = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
        return [one for one in sums if all(one[key] == value for key, value in wanted.items())]

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.firewall.pid}/status").read_text(encoding="ascii")
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    def close(self):
        if not self.holder:
            return
        if self.firewall:
            with contextlib.suppress(ProcessLookupError):
                self.firewall.kill()
            self.firewall.wait()
            self.firewall.stderr.close()
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        self.holder = None
        with contextlib.suppress(subprocess.CalledProcessError):
            run("ip", "link", "delete", self.interface)
        self.directory.cleanup()


class FirewallTest(unittest.TestCase):
    """Makes boxes that are removed after the test, and clears what the internet saw before."""
    maxDiff = None

    def setUp(self):
        self.internet = Internet.get()
        self.internet.names.table.clear()
        self.internet.names.table.update({
            "api.example.com": [ALLOWED], "www.example.com": [ALLOWED], "evil.example.net": [EVIL],
            "six.example.com": [ALLOWED6], "git.example.com": [ALLOWED], "a.wild.example.com": [ALLOWED]})
        self.internet.names.reset()
        self.internet.sink.pop_seen()

    def box(self, **policy):
        box = Box(**policy)
        self.addCleanup(box.close)
        return box

    def arrived(self, address=None, port=None):
        time.sleep(0.05)
        return self.internet.sink.pop_seen(address, port)

    def assert_quick(self, attempt, seconds=0.9):
        """Makes `attempt` (which returns a result with its seconds) again if it took too long: a busy machine is sometimes
        slow, what waits for a timeout is slow each time. Returns the last result."""
        for _ in range(10):
            result = attempt()
            if result["seconds"] < seconds:
                return result
        raise AssertionError(f"took more than {seconds} s each time: {result}")

    def assert_nothing_arrived(self):
        self.assertEqual(self.arrived(), [], "bytes arrived outside")
