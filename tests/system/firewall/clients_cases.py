# SPDX-License-Identifier: Apache-2.0
"""Clients that disconnect, or stop sending, before the server has answered."""
import socket
import subprocess
import time

import world
from tls_bytes import hello, real_hello, server_names

SLOW, HOST = "203.0.113.44", "slow.example.com"  # a server that answers when the test tells it to
CLIENT = """
import socket, sys
sys.path.insert(0, sys.argv[1])
import probe
s = socket.create_connection((probe.address_of(sys.argv[2]), int(sys.argv[3])))
s.sendall(bytes.fromhex(sys.argv[4]))
for line in sys.stdin:
    if line == "reset\\n":
        probe.reset(s)
        break
    s.shutdown(socket.SHUT_WR)
    try:
        print(s.recv(100).hex(), flush=True)
    except ConnectionResetError:
        print("reset", flush=True)
"""


class Clients(world.FirewallTest):
    def setUp(self):
        super().setUp()
        if "slow" not in self.internet.__dict__:
            world.run("ip", "address", "add", f"{SLOW}/32", "dev", "lo")
            self.internet.slow = {port: socket.create_server((SLOW, port)) for port in (80, 443)}
        self.internet.names.table[HOST] = [SLOW]
        self.fw = self.box(allow=[HOST, f"{HOST}:80"]).start()

    def connect(self, data, port=443):
        """Returns a client in the box that sent `data`, and the server's end, where it has arrived."""
        client = subprocess.Popen([*self.fw.into(()), "python3", "-c", CLIENT, str(world.HERE), HOST, str(port), data.hex()],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(client.stdout.close)
        self.addCleanup(client.wait)
        self.addCleanup(client.stdin.close)
        self.internet.slow[port].settimeout(world.PATIENCE)
        server, _ = self.internet.slow[port].accept()
        self.addCleanup(server.close)
        server.settimeout(world.PATIENCE)
        self.assertTrue(server.recv(4096))
        return client, server

    def say(self, client, word):
        client.stdin.write(word + "\n")
        client.stdin.flush()

    def closed(self, server):
        try:
            return server.recv(1) == b""
        except ConnectionResetError:
            return True

    def test_a_client_that_resets_ends_the_connection(self):
        page = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        for port, data in ((443, real_hello(HOST)), (443, hello(server_names(HOST)) + b"\x17\3\3\0\5early"), (80, page)):
            client, server = self.connect(data, port)
            self.say(client, "reset")
            self.assertTrue(self.closed(server))
            record = self.fw.wait_audit(kind="connect", port=port)[-1]
            self.assertEqual((record["verdict"], record["reason"]),
                             ("allow", "client-gone" if port == 443 else "allowed"), record)

    def test_a_client_that_stops_sending_still_gets_the_answer(self):
        for data in (real_hello(HOST), hello(server_names(HOST)) + b"\x17\3\3\0\5early"):
            client, server = self.connect(data)
            self.say(client, "half-close")
            time.sleep(2.2)  # longer than the firewall needs to notice it
            server.sendall(b"\x15\3\3\0\2\2\x28")
            self.assertEqual(client.stdout.readline(), "15030300020228\n")
            server.close()
            client.stdin.close()
            client.wait(timeout=world.PATIENCE)

    def test_a_client_that_stops_sending_does_not_wait_for_an_hour(self):
        client, server = self.connect(real_hello(HOST))
        self.say(client, "half-close")
        self.assertTrue(self.closed(server))  # the server is told, and would close
        self.assertEqual(self.fw.wait_audit(kind="connect")[0]["reason"], "client-gone")

    def test_a_client_that_waits_is_waited_for(self):
        client, server = self.connect(real_hello(HOST))
        time.sleep(3.2)
        server.settimeout(0.1)
        with self.assertRaises(TimeoutError):
            server.recv(1)
        self.assertEqual(self.fw.audit(kind="connect"), [])
        server.sendall(b"\x15\3\3\0\2\2\x28")
        self.say(client, "half-close")
        self.assertEqual(client.stdout.readline(), "15030300020228\n")
