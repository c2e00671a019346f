# SPDX-License-Identifier: Apache-2.0
"""Ports between the box and the developer's machine, on real Podman: -p into the box, host:PORT out of it."""
import contextlib
import http.server
import pathlib
import socket
import threading

from box import PATIENCE, Internet, SystemTest, wait_until

# Listens on ports of the box, and answers with the port and the line that it got.
SERVE = """
serve() { perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => $ARGV[0], Listen => 9, ReuseAddr => 1) or die;
    open(my $f, ">", "listens-$ARGV[0]");
    while (my $c = $s->accept) { my $line = <$c>; print $c "port $ARGV[0] got $line"; close $c }' "$1" & }
serve 3000; serve 3001
while ! test -e done; do sleep 0.1; done
kill $(jobs -p)
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def ask(address, port):
    """Returns the answer of the box's listener at an address of this machine, or the error."""
    try:
        with socket.create_connection((address, port), PATIENCE) as client:
            client.sendall(b"hello\n")
            answer = b""
            while part := client.recv(4096):
                answer += part
            return answer.decode().strip()
    except OSError as error:
        return type(error).__name__


def listeners(port):
    """Returns the addresses, as the kernel writes them, at which a process of this machine listens on a port."""
    found = []
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]:
            local, _, state = line.split()[1:4]
            if state == "0A" and int(local.split(":")[1], 16) == port:
                found.append(local.split(":")[0])
    return found


class Host:
    """HTTP servers of the developer, each on a port of 127.0.0.1; they record their requests."""

    def __init__(self, test, count):
        self.asked = []
        self.ports = []
        for _ in range(count):
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
            self.ports.append(server.server_address[1])
            threading.Thread(target=server.serve_forever, daemon=True).start()
            test.addCleanup(server.server_close)
            test.addCleanup(server.shutdown)

    def _handler(self):
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.server.server_address[1], self.path))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"the host's " + self.path.encode())

            def log_message(self, *_):
                pass
        return Handler


class IntoTheBox(SystemTest):
    def listening(self, *options):
        process = self.start("run", *options, "--", "bash", "-c", SERVE)
        self.addCleanup((self.workspace / "done").touch)
        wait_until(lambda: all((self.workspace / f"listens-{port}").exists() for port in (3000, 3001)), "the box listens")
        return process

    def finish(self, process):
        (self.workspace / "done").touch()
        with contextlib.closing(process.stderr):
            self.assertEqual(process.wait(PATIENCE), 0)

    def test_a_published_port_is_reached_from_the_loopback_and_from_nowhere_else(self):
        internet, port = Internet(), free_port()
        process = self.listening("-p", f"127.0.0.1:{port}:3000")
        self.assertEqual(ask("127.0.0.1", port), "port 3000 got hello")
        self.assertEqual(ask("127.0.0.1", port), "port 3000 got hello")  # and again
        self.assertEqual(listeners(port), ["0100007F"])
        for address in ("192.0.2.2", "::1", "127.0.0.2"):
            self.assertEqual(ask(address, port), "ConnectionRefusedError", address)
        for other in (3000, 3001):  # the next port listens in the box as well
            self.assertEqual(ask("127.0.0.1", other), "ConnectionRefusedError", other)
        self.finish(process)
        self.assertEqual(listeners(port), [])
        self.assertEqual(internet.sink() + internet.http(), [])

    def test_without_an_address_the_loopback_is_bound(self):
        port = free_port()
        process = self.listening("-p", f"{port}:3000")
        self.assertEqual(ask("127.0.0.1", port), "port 3000 got hello")
        self.assertEqual(listeners(port), ["0100007F"])
        self.finish(process)

    def test_a_given_address_is_bound(self):
        port = free_port()
        process = self.listening("-p", f"192.0.2.2:{port}:3000")
        self.assertEqual(ask("192.0.2.2", port), "port 3000 got hello")
        self.assertEqual(ask("127.0.0.1", port), "ConnectionRefusedError")
        self.finish(process)

    def test_a_published_port_opens_nothing_for_the_box(self):
        """Only replies leave the box: nothing else does, not even from the published port."""
        internet, port = Internet(), free_port()
        result = self.in_box("""perl -MIO::Socket::INET -e '
            for my $from (0, 3000) { for my $to ("198.51.100.10:443", "10.0.2.2:22", "192.0.2.2:22") {
                my $s = IO::Socket::INET->new(PeerAddr => $to, Proto => "tcp", Timeout => 3, $from ? (LocalPort => $from, ReuseAddr => 1) : ());
                print "$from $to ", $s ? "open" : "closed", "\\n"; } }'""", "-p", f"127.0.0.1:{port}:3000")
        self.assertEqual([line for line in result.out.splitlines() if line.endswith("closed")], result.out.splitlines(), str(result))
        self.assertEqual(len(result.out.splitlines()), 6, str(result))
        self.assertEqual(internet.sink() + internet.http(), [])


class OutOfTheBox(SystemTest):
    def setUp(self):
        super().setUp()
        self.clear_audit()

    CURL = "curl --silent --show-error --max-time 5 http://{0}:{1}/{2}; echo \" {2} $?\""

    def curls(self, *targets):
        return "\n".join(self.CURL.format(*target) for target in targets)

    def test_one_port_of_the_machine_and_no_other(self):
        host = Host(self, 2)
        listed, other = host.ports
        result = self.in_box(self.curls(("host", listed, "a"), ("host.containers.internal", listed, "b"), ("host", other, "c"),
                                        ("10.0.2.2", listed, "d"), ("10.0.2.2", other, "e"), ("192.0.2.2", listed, "f"),
                                        ("[fd00::2]", listed, "g"), ("169.254.1.3", listed, "h")), "--allow", f"host:{listed}")
        lines = dict(line.split()[-2:] for line in result.out.splitlines() if line)
        self.assertEqual({what for what, code in lines.items() if code == "0"}, {"a", "b"}, str(result))
        self.assertEqual(set(lines), set("abcdefgh"), str(result))
        self.assertIn("the host's /a", result.out)
        self.assertEqual(host.asked, [(listed, "/a"), (listed, "/b")])
        # The control: here, outside, the other port answers.
        with socket.create_connection(("127.0.0.1", other), 5):
            pass
        allowed = [record for record in self.audit() if record["kind"] == "connect" and record["verdict"] == "allow"]
        self.assertEqual({record["rule"] for record in allowed}, {f"host:{listed}"})

    def test_without_an_entry_nothing_of_the_machine_is_reached(self):
        host = Host(self, 1)
        port = host.ports[0]
        result = self.in_box(self.curls(("host", port, "a"), ("host.containers.internal", port, "b"), ("10.0.2.2", port, "c"),
                                        ("[fd00::2]", port, "d")))
        self.assertNotIn("the host's", result.out)
        self.assertEqual(len(result.out.split()), 8, str(result))
        self.assertEqual(host.asked, [])
