# SPDX-License-Identifier: Apache-2.0
"""The name servers that a firewall asks: the host's, from its start on and when they change."""
import os
import pathlib
import socket
import threading
import time

from box import PATIENCE, SESSIONS, Internet, wait_until
from test_network import ASK, NetworkTest

# Whether the host's loopback can be reached by the address that only the firewall may use.
REACH = """
if (exec 3<>/dev/tcp/169.254.1.3/7777) 2>/dev/null; then echo reached; else echo refused; fi >loopback
"""


class LocalResolver:
    """A resolver on the host's loopback, like dnsmasq: port 53 there is redirected to it (tests/host/internet/with)."""

    def __init__(self):
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 5353))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(4096)
                self.asked += 1
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
                    upstream.settimeout(PATIENCE)
                    upstream.sendto(question, ("192.0.2.1", 53))
                    self.socket.sendto(upstream.recv(4096), peer)
            except OSError:
                return  # the test is over


class NameServers(NetworkTest):
    """192.0.2.1 and 192.0.2.99 both answer; the packets tell which one was queried."""

    def setUp(self):
        super().setUp()
        self.resolv_conf = pathlib.Path(os.environ["AGENTBOX_INTERNET"]) / "resolv.conf"  # mounted over /etc/resolv.conf
        before = self.resolv_conf.read_text(encoding="ascii")
        self.addCleanup(self.resolv_conf.write_text, before, encoding="ascii")

    def asked(self, internet):
        """Returns the servers that got a query."""
        return {packet["to"] for packet in internet.packets() if packet["to"] in ("192.0.2.1", "192.0.2.99")}

    def test_a_box_follows_the_hosts_network(self):
        before = Internet()
        process = self.running(ASK, "--allow", "evil.example")
        wait_until(lambda: self.state() == "open", "the host is open at first")
        self.assertEqual(self.asked(before), {"192.0.2.1"})
        self.resolv_conf.write_text("nameserver 192.0.2.99\n", encoding="ascii")
        passed = "# the host's name servers\nnameserver 192.0.2.99\n"
        wait_until(lambda: [file for file in SESSIONS.glob("*/run/resolv.conf") if file.read_text("ascii") == passed],
                   "the launcher passes it on")
        # The firewall looks once a second, and slirp4netns as well; an answer is kept for its TTL of 5 s.
        changed = Internet()
        wait_until(lambda: "192.0.2.99" in self.asked(changed), "the new name server is asked")
        after = Internet()
        wait_until(lambda: self.asked(after), "a name server is asked again")
        self.assertEqual(self.asked(after), {"192.0.2.99"})
        self.assertEqual(self.state(), "open")
        self.finish(process)

    def test_a_resolver_on_the_hosts_loopback_is_followed(self):
        """Even with pasta, whose forwarder keeps querying the previous server. No other address of the host is reachable."""
        local = LocalResolver()
        self.addCleanup(local.socket.close)
        listener = socket.create_server(("127.0.0.1", 7777))
        self.addCleanup(listener.close)
        process = self.running(REACH + ASK, "--allow", "evil.example")
        wait_until(lambda: self.state() == "open", "the host is open at first")
        self.assertEqual(local.asked, 0)
        self.resolv_conf.write_text("nameserver 127.0.0.1\n", encoding="ascii")
        wait_until(lambda: local.asked, "the local resolver is asked")
        time.sleep(1)
        asked = local.asked
        wait_until(lambda: local.asked > asked, "and again, when the answer has expired")
        self.assertEqual(self.state(), "open")
        self.assertEqual((self.workspace / "loopback").read_text(encoding="ascii"), "refused\n")
        listener.setblocking(False)
        with self.assertRaises(BlockingIOError):
            listener.accept()
        self.finish(process)

    def test_public_servers_that_the_host_does_not_have_are_never_asked(self):
        """Podman writes 8.8.8.8 where it finds none."""
        self.resolv_conf.write_text("# none\n", encoding="ascii")
        internet = Internet()
        process = self.running(ASK, "--allow", "evil.example")
        wait_until(lambda: self.state() == "closed", "there is no answer")
        time.sleep(1)
        asked = {packet["to"] for packet in internet.packets()}
        self.assertFalse(asked & {"8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"}, asked)
        self.resolv_conf.write_text("nameserver 192.0.2.1\n", encoding="ascii")
        wait_until(lambda: self.state() == "open", "the host has one again")
        self.finish(process)
