# SPDX-License-Identifier: Apache-2.0
"""A day of use in seconds: bursts of connections that are opened, refused, hang and end."""
import pathlib
import resource
import threading

import world
from tls_bytes import real_hello

GOOD = "api.example.com"


class Soak(world.FirewallTest):
    def files(self, box):
        return len(list(pathlib.Path(f"/proc/{box.firewall.pid}/fd").iterdir()))

    def assert_settles(self, box, files):
        world.wait_until(lambda: self.files(box) <= files, lambda: f"{self.files(box)} descriptors instead of {files}")

    def test_bursts_of_connections_all_get_through_and_leave_nothing(self):
        """Every one of many parallel connections, reset as soon as it is answered, as busy package managers do."""
        box = self.box(allow=[GOOD, "git.example.com:22"]).start()
        burst = {"host": GOOD, "port": 443, "send": real_hello(GOOD).hex(), "parallel": 48}
        self.assertEqual(box.probe("burst", count=300, **burst)["failed"], 0)
        before, files = box.rss_kib(), self.files(box)
        for round_number in range(4):
            result = box.probe("burst", count=600, **burst)
            self.assertTrue(result["ok"], result)
            self.assertEqual(result["failed"], 0, f"round {round_number}")
        self.assertIsNone(box.firewall.poll(), "the firewall is gone")
        self.assert_settles(box, files + 2)
        if not world.is_sanitized():
            self.assertLess(box.rss_kib() - before, 2048)
        self.assertEqual(box.audit(kind="connect", reason=""), [])

    def test_a_mix_of_good_bad_and_broken_connections_leaves_nothing(self):
        box = self.box(allow=[GOOD, "git.example.com:22", "www.example.com:80"], max_upload=1 << 30).start()
        page = "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n".encode().hex()
        mix = [(GOOD, 443, real_hello(GOOD).hex()), (GOOD, 443, real_hello("evil.example.net").hex()), (GOOD, 443, "16030100"),
               ("git.example.com", 22, "5353"), ("git.example.com", 23, "00"), ("www.example.com", 80, page), (GOOD, 443, "ff" * 300)]
        self.assertTrue(box.probe("churn", mix, 140)["ok"])
        before, files = box.rss_kib(), self.files(box)
        result = box.probe("churn", mix, 700)
        self.assertTrue(result["ok"], result)
        self.assertIsNone(box.firewall.poll(), "the firewall is gone")
        self.assert_settles(box, files + 2)
        if not world.is_sanitized():
            self.assertLess(box.rss_kib() - before, 2048)
        data = real_hello(GOOD)
        self.assertEqual(box.probe("tcp", host=GOOD, port=443, send=data.hex())["received"], data.hex())

    def test_half_open_handshakes_end_by_themselves(self):
        box = self.box(allow=[GOOD]).start()
        files = self.files(box)
        enough, results = box.path / "enough", []
        flood = threading.Thread(target=lambda: results.append(box.probe("flood", GOOD, 443, 200, until=str(enough))))
        flood.start()
        self.addCleanup(flood.join)
        self.addCleanup(enough.touch)
        slow = lambda: sum(one["count"] for one in box.totals(reason="too-slow"))
        world.wait_until(lambda: slow() == 200, lambda: f"{slow()} of 200 were too slow")
        self.assert_settles(box, files + 2)
        enough.touch()
        flood.join()
        self.assertEqual(results[0]["failed"], 0)

    def test_without_descriptors_connections_fail_and_the_firewall_stays(self):
        box = self.box(allow=[GOOD]).start()
        data = real_hello(GOOD)
        unlimited = resource.prlimit(box.firewall.pid, resource.RLIMIT_NOFILE)
        for spare in (0, 1, 2, 5, 20):
            resource.prlimit(box.firewall.pid, resource.RLIMIT_NOFILE, (self.files(box) + spare, unlimited[1]))
            box.probe("flood", "198.18.0.1", 443, 60, keep=0.3, send=data[:-1].hex(), timeout=1)
            if box.firewall.poll() is not None:
                self.fail(f"the firewall ended with {spare} descriptors to spare: {box.firewall.stderr.read()}")
            resource.prlimit(box.firewall.pid, resource.RLIMIT_NOFILE, unlimited)
            # Without a descriptor the totals may not have been written: all is refused until they are, within a second.
            echo = lambda: box.probe("tcp", host=GOOD, port=443, send=data.hex()).get("received")
            world.wait_until(lambda: echo() == data.hex(), lambda: f"a connection with {spare} descriptors before: {box.audit()[-3:]}")
