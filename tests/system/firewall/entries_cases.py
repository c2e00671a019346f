# SPDX-License-Identifier: Apache-2.0
"""Entries that are more than a name: addresses, ports of the developer's own machine, upload limits, an upstream proxy, and
protocols that are not TLS. Each passes with exactly what is listed, and with nothing else."""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import world
from tls_bytes import real_hello

SERVICE, SERVICE6 = "10.99.0.5", "fd00:99::5"
GATEWAY6, SLIRP6 = "2001:db8:77::1", "fd00::2"


def listen(test, address, *ports):
    """Echo servers of the internet at an address that only this test has."""
    six = ":" in address
    world.run("ip", "address", "replace", f"{address}/{128 if six else 32}", "dev", "lo", *(["nodad"] if six else []))
    known = test.internet.__dict__.setdefault("extra", set())
    for port in ports:
        if (address, port) not in known:
            known.add((address, port))
            test.internet.sink.listen(address, port)


class Addresses(world.FirewallTest):
    driver = ()

    def setUp(self):
        super().setUp()
        listen(self, SERVICE, 5432, 5433, 22)
        listen(self, "10.99.0.6", 5432)
        listen(self, SERVICE6, 5432, 5433)

    def reaches(self, box, address, port, **named):
        result = box.probe("tcp", host=address, port=port, send="7071", **named)
        got = result.get("received") == "7071"
        self.assertLess(result["seconds"], world.AT_ONCE)
        self.assertEqual(bool(self.arrived()), got, (address, port, result))
        return got

    def test_a_listed_address_and_port_is_reached_and_nothing_else(self):
        box = self.box(allow=["api.example.com"],
                       allow_addresses=[f"{SERVICE}:5432", f"[{SERVICE6}]:5432"]).start(*self.driver)
        self.assertTrue(self.reaches(box, SERVICE, 5432))
        self.assertTrue(self.reaches(box, SERVICE6, 5432))
        for address, port in ((SERVICE, 5433), (SERVICE, 22), ("10.99.0.6", 5432), (SERVICE6, 5433), (world.EVIL, 443),
                              (world.LAN, 22), ("2001:db8:66::66", 443)):
            self.assertFalse(self.reaches(box, address, port), (address, port))
        record = box.wait_audit(kind="connect", address=SERVICE, verdict="allow")[0]
        self.assertEqual((record["rule"], record["port"], record["bytes_up"], record["bytes_down"]), (f"{SERVICE}:5432", 5432, 2, 2))
        self.assertFalse(box.probe("udp", SERVICE, 5432)["ok"])
        self.assert_nothing_arrived()

    def test_a_block_is_reached_on_its_port_only(self):
        box = self.box(allow_addresses=["10.99.0.0/24:5432"]).start(*self.driver)
        self.assertTrue(self.reaches(box, SERVICE, 5432))
        self.assertTrue(self.reaches(box, "10.99.0.6", 5432))
        self.assertFalse(self.reaches(box, SERVICE, 5433))

    def test_the_machines_own_addresses_are_refused_even_in_a_block(self):
        box = self.box(allow_addresses=["10.77.0.0/16:22"]).start(*self.driver)
        result = box.probe("tcp", host=world.GATEWAY, port=22, send="70")
        self.assertEqual(result.get("received", ""), "")
        self.assert_nothing_arrived()
        box.wait_audit(kind="connect", address=world.GATEWAY, reason="refused-address")

    def test_a_socket_bound_to_an_interface_does_not_carry_loopback_out(self):
        box = self.box(allow_addresses=[f"{SERVICE}:5432"]).start(*self.driver)
        result = box.probe("tcp_on", "eth0", SERVICE, 5432, "7071")
        self.assertFalse(result["ok"] and result.get("received"), result)
        self.assert_nothing_arrived()
        self.assertTrue(self.reaches(box, SERVICE, 5432))


class HostPorts(world.FirewallTest):
    """The gateway maps to the host, as under slirp4netns and pasta --map-gw."""
    driver = ()

    def setUp(self):
        super().setUp()
        listen(self, world.GATEWAY, 11434, 11435)
        listen(self, GATEWAY6, 11434)
        listen(self, SLIRP6, 11434, 22)

    def test_one_port_of_the_machine_is_reached_by_its_names_and_nothing_else_of_it(self):
        box = self.box(allow=["api.example.com", "git.example.com:22"], host_ports=[11434]).start(*self.driver)
        for name in ("host.containers.internal", "host.docker.internal", "host", "HOST"):
            self.assertEqual(box.probe("tcp", host=name, port=11434, send="70")["received"], "70", name)
            self.assertTrue(self.arrived(world.GATEWAY, 11434))
        for port in (11435, 22, 443, 80):
            self.assertEqual(box.probe("tcp", host="host.containers.internal", port=port, send="70").get("received", ""), "")
        for port in (11434, 11435, 22, 53):
            self.assertFalse(box.probe("tcp", host=world.GATEWAY, port=port, send="70")["ok"], port)
        self.assert_nothing_arrived()
        record = box.wait_audit(kind="connect", name="host.containers.internal", verdict="allow")[0]
        self.assertEqual((record["rule"], record["address"]), ("host:11434", world.GATEWAY))
        self.assertEqual(box.wait_audit(name="host.containers.internal", port=11435)[0]["reason"], "port-not-listed")
        # Names still work: the name server is at the gateway as well.
        self.assertEqual(box.probe("tcp", host="git.example.com", port=22, send="70")["received"], "70")

    def test_the_kernel_keeps_the_firewalls_own_sockets_from_the_rest_of_the_machine(self):
        box = self.box(host_ports=[11434]).start(*self.driver)
        result = box.probe("marked", world.GATEWAY, 11434, capabilities=("net_admin",))
        self.assertTrue(result["ok"], result)
        for port in (11435, 22, 443):
            self.assertEqual(box.probe("marked", world.GATEWAY, port, capabilities=("net_admin",))["error"], "ECONNREFUSED", port)
        # Under IPv6 the gateway may map to the machine as well, and slirp4netns' (fd00::2) does: none of its ports is reached there.
        gateways = (GATEWAY6, SLIRP6)
        for address in gateways:
            for port in (11434, 22):
                self.assertEqual(box.probe("marked", address, port, capabilities=("net_admin",))["error"], "ECONNREFUSED", address)
        self.assertEqual(box.probe("tcp", host=world.ALLOWED6, port=22)["error"], "ECONNREFUSED")
        self.assertTrue(box.probe("marked", world.ALLOWED6, 22, capabilities=("net_admin",))["ok"])
        # The control: a box without a port of the machine in its list does not treat the gateway specially.
        control = self.box(allow=["api.example.com"]).start(*self.driver)
        self.assertTrue(control.probe("marked", world.GATEWAY, 11435, capabilities=("net_admin",))["ok"])
        for address in gateways:
            self.assertTrue(control.probe("marked", address, 11434, capabilities=("net_admin",))["ok"], address)

    def test_a_listed_block_does_not_open_the_machine_under_ipv6(self):
        for listed in (True, False):
            host = {"host_ports": [11434]} if listed else {}
            box = self.box(allow_addresses=["[fd00::/8]:11434"], **host).start(*self.driver)
            result = box.probe("tcp", host=SLIRP6, port=11434, send="70")
            self.assertEqual(result.get("received", "") == "70", not listed, result)

    def test_without_an_entry_the_machine_has_no_name(self):
        box = self.box(allow=["api.example.com"]).start(*self.driver)
        for name in ("host", "host.containers.internal", "host.docker.internal"):
            self.assertEqual(box.probe("dns", name)["rcode"], 3)


class Uploads(world.FirewallTest):
    def setUp(self):
        super().setUp()
        self.internet.names.table["b.wild.example.com"] = [world.ALLOWED]

    def send(self, box, host, size):
        """Returns how many of `size` bytes came back."""
        return len(bytes.fromhex(box.probe("tcp", host=host, port=22, send="70", times=size).get("received", "")))

    def test_the_connection_is_cut_at_the_limit_and_the_log_says_so(self):
        box = self.box(allow=["git.example.com:22", "*.wild.example.com:22", "www.example.com:22"], max_upload=5000,
                       upload_limits=["www.example.com=100000"]).start()
        self.assertEqual(self.send(box, "git.example.com", 3000), 3000)
        self.assertEqual(self.send(box, "git.example.com", 2000), 2000)  # exactly all of it
        self.assertEqual(box.audit(reason="upload-limit"), [])
        self.arrived()
        self.assertEqual(self.send(box, "git.example.com", 1), 0)
        self.assert_nothing_arrived()
        self.assertLessEqual(self.send(box, "a.wild.example.com", 4000), 4000)
        self.assertLess(self.send(box, "b.wild.example.com", 4000), 4000)  # one budget for the whole wildcard
        self.assertEqual(self.send(box, "www.example.com", 90000), 90000)  # the nearer limit counts
        record = box.wait_audit(name="git.example.com", reason="upload-limit")[0]
        self.assertEqual(record["verdict"], "deny")
        self.assertIn("5000 bytes", record["text"])
        record = box.wait_audit(name="b.wild.example.com", reason="upload-limit")[0]
        self.assertLessEqual(record["bytes_up"], 1000)
        self.assertIn("*.wild.example.com", record["text"])

    def test_many_connections_share_the_limit(self):
        box = self.box(allow=["git.example.com:22"], max_upload=1 << 20).start()
        threads = [threading.Thread(target=box.probe, args=("upload", "git.example.com", 22, 1 << 19)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        box.wait_audit(reason="upload-limit")
        box.stop()
        # The log leaves out a denial like the previous one; the totals have each. A connection is cut when nothing is left,
        # and its share was forwarded: together they sent exactly the limit, in whatever shares.
        sums = box.totals(name="git.example.com")
        self.assertEqual((sum(one["count"] for one in sums), sum(one["bytes_up"] for one in sums)), (4, 1 << 20), sums)


class UpstreamProxy(world.FirewallTest):
    """A company's HTTP proxy: the only way out, and the only one that can resolve names."""
    port = 3127

    def setUp(self):
        super().setUp()
        UpstreamProxy.port += 1
        self.proxy = f"10.99.0.9:{self.port}"
        world.run("ip", "address", "replace", "10.99.0.9/32", "dev", "lo")
        self.requests, self.answer = [], b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n"
        self.server = socket.create_server(("10.99.0.9", self.port))
        self.addCleanup(self.server.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.one, args=(self.server.accept()[0],), daemon=True).start()

    def one(self, client):
        with contextlib.suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.requests.append(head)
            client.sendall(self.answer[:20])
            time.sleep(0.02)
            client.sendall(self.answer[20:])
            while data := client.recv(65536):
                client.sendall(data)

    def test_names_go_to_the_proxy_and_are_not_resolved_here(self):
        box = self.box(allow=["api.example.com", "only-the-proxy-knows.example.com"], upstream_proxy=self.proxy).start()
        for name in ("api.example.com", "only-the-proxy-knows.example.com"):
            data = real_hello(name)
            self.assertEqual(box.probe("tcp", host=name, port=443, send=data.hex())["received"], data.hex())
            self.assertIn(f"CONNECT {name}:443 HTTP/1.1\r\nHost: {name}:443\r\n\r\n".encode(), self.requests)
        self.assertEqual(self.internet.names.asked, [])
        record = box.wait_audit(kind="connect", name="api.example.com")[0]
        self.assertEqual((record["verdict"], record["address"]), ("allow", "10.99.0.9"))
        # The proxy is not asked for unlisted hosts.
        count = len(self.requests)
        self.assertEqual(box.probe("dns", "evil.example.net")["rcode"], 3)
        result = box.probe("tcp", host="api.example.com", port=443, send=real_hello("evil.example.net").hex())
        self.assertNotIn(real_hello("evil.example.net").hex(), result.get("received", ""))
        self.assertFalse(box.probe("tcp", host="10.99.0.9", port=self.port, send="70")["ok"])
        self.assertEqual(len(self.requests), count)

    def test_names_inside_and_addresses_do_not_go_through_it(self):
        listen(self, SERVICE, 22)
        self.internet.names.table["inside.example.com"] = [SERVICE]
        box = self.box(allow=["inside.example.com:22"], private=["inside.example.com"], allow_addresses=[f"{SERVICE}:22"],
                       upstream_proxy=self.proxy).start()
        for host in ("inside.example.com", SERVICE):
            self.assertEqual(box.probe("tcp", host=host, port=22, send="70")["received"], "70")
        self.assertEqual(self.requests, [])

    def test_what_the_host_sends_first_is_not_lost(self):
        self.answer += b"SSH-2.0-early\r\n"
        box = self.box(allow=["git.example.com:22"], upstream_proxy=self.proxy).start()
        got = bytes.fromhex(box.probe("tcp", host="git.example.com", port=22, send="70")["received"])
        self.assertEqual(got, b"SSH-2.0-early\r\np")

    def test_a_proxy_that_refuses_or_sends_garbage_is_named(self):
        for answer, word in ((b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "403"), (b"SSH-2.0-x\r\n\r\nxxxxxxxxxxxxxx", "valid"),
                             (b"HTTP/1.1 200 " + b"x" * 20000, "valid"), (b"HTTP/1.1 407 Auth\r\n\r\n", "407")):
            self.answer = answer
            box = self.box(allow=["git.example.com:22"], upstream_proxy=self.proxy).start()
            result = box.probe("tcp", host="git.example.com", port=22, send="70")
            self.assertEqual(result.get("received", ""), "")
            record = box.wait_audit(reason="upstream-proxy")[0]
            self.assertIn(word, record["text"])
            box.close()

    def test_a_proxy_at_a_forbidden_address_is_not_dialled(self):
        self.internet.names.table["proxy.example.com"] = [world.METADATA]
        box = self.box(allow=["git.example.com:22"], upstream_proxy="proxy.example.com:443").start()
        self.assertEqual(box.probe("tcp", host="git.example.com", port=22, send="70").get("received", ""), "")
        self.assert_nothing_arrived()
        box.wait_audit(reason="refused-address")


class Ssh(world.FirewallTest):
    """The real ssh through the firewall to a real sshd, by name and port."""

    def setUp(self):
        super().setUp()
        if not shutil.which("sshd", path="/usr/sbin:/usr/bin") or not shutil.which("ssh"):
            self.skipTest("openssh-server and openssh-client are not installed")
        directory = tempfile.TemporaryDirectory(prefix="agentbox-ssh-")
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name)
        for name in ("host", "user"):
            world.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.path / name))
        (self.path / "keys").write_text((self.path / "user.pub").read_text(encoding="ascii"), encoding="ascii")
        (self.path / "config").write_text(
            f"HostKey {self.path}/host\nAuthorizedKeysFile {self.path}/keys\nStrictModes no\nUsePAM no\nPidFile none\n"
            "ListenAddress 203.0.113.5:2222\nListenAddress 203.0.113.5:2223\nPasswordAuthentication no\n", encoding="ascii")
        # Run by the namespace's root, sshd needs users that are not mapped here; run by tester, who is not locked, it needs none.
        for name, text in (("passwd", "root:x:0:0::/root:/bin/sh\ntester:x:1000:1000::/:/bin/sh\n"), ("shadow", "tester:*:1:::::: \n")):
            (self.path / name).write_text(text, encoding="ascii")
        sshd = shutil.which("sshd", path="/usr/sbin:/usr/bin")
        script = f"mount --bind {self.path}/passwd /etc/passwd && mount --bind {self.path}/shadow /etc/shadow && " \
                 f"exec unshare --user --map-user=1000 --map-group=1000 {sshd} -D -e -f {self.path}/config"
        self.sshd = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.sshd.stderr.close)
        self.addCleanup(self.sshd.wait)
        self.addCleanup(self.sshd.kill)
        for line in self.sshd.stderr:
            if "listening on" in line:
                break

    def ssh(self, box, port):
        resolv = self.path / "resolv.conf"
        resolv.write_text("nameserver 127.0.0.1\n", encoding="ascii")
        script = f"mount --bind {resolv} /etc/resolv.conf && exec ssh -4 -F none -i {self.path}/user -p {port} -o BatchMode=yes " \
                 f"-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=60 tester@git.example.com echo through"
        return subprocess.run(["nsenter", "--target", str(box.holder.pid), "--user", "--net", "--preserve-credentials",
                               "unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False)

    def test_ssh_works_by_name_and_port_and_not_on_another_port(self):
        box = self.box(allow=["git.example.com:2222"]).start()
        done = self.ssh(box, 2222)
        self.assertEqual(done.stdout, "through\n", done.stderr)
        self.assertGreater(box.wait_audit(kind="connect", name="git.example.com", verdict="allow")[0]["bytes_down"], 1000)
        refused = self.ssh(box, 2223)
        self.assertNotEqual(refused.returncode, 0)
        self.assertEqual(box.wait_audit(kind="connect", port=2223)[0]["reason"], "port-not-listed")
