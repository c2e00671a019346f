# SPDX-License-Identifier: Apache-2.0
"""The totals of a box: no flood displaces them, and SIGKILL loses at most a second of them."""
import time

import world

FLOOD = 3000


class Totals(world.FirewallTest):
    def sums(self, box, name):
        return [(one["reason"], one["count"], one["bytes_up"]) for one in box.totals(name=name)]

    def test_floods_of_denials_and_of_connections_leave_every_count(self):
        box = self.box(allow=["git.example.com:22", "www.example.com:22"]).start()
        self.assertTrue(box.probe("tcp", host="www.example.com", port=22, send=b"upload".hex())["ok"])
        start = time.monotonic()
        self.assertTrue(box.probe("burst", "git.example.com", 22, FLOOD, 32, "01")["ok"])
        written = 2000 + 200 * (time.monotonic() - start)  # at most: a burst, and a number per second
        self.assertEqual(box.probe("many_names", FLOOD, "flood.example.net")["rcodes"], {"3": FLOOD})
        self.assertEqual(box.probe("dns", "late.example.net")["rcode"], 3)
        box.stop()  # every connection has ended
        self.assertLessEqual(len(box.audit(name="git.example.com")), written + 200)  # the log leaves out
        totals = box.totals()
        self.assertEqual(self.sums(box, "www.example.com"), [("allowed", 1, 6)])
        self.assertEqual(sum(one["count"] for one in totals if one["name"] == "git.example.com"), FLOOD)
        self.assertEqual(sum(one["bytes_up"] for one in totals if one["name"] == "git.example.com"), FLOOD)
        denied = [one for one in totals if one["reason"] == "not-listed"]
        self.assertEqual(sum(one["count"] for one in denied), FLOOD + 1)
        self.assertIn("n0.flood.example.net", [one["name"] for one in denied])
        self.assertIn("late.example.net", [one["name"] for one in denied])
        self.assertLess(len(denied), 200)

    def test_killed_and_started_again_it_continues_counting(self):
        box = self.box(allow=["git.example.com:22"]).start()
        for done in range(3):
            self.assertEqual(box.probe("tcp", host="git.example.com", port=22, send="70")["received"], "70")
            while self.sums(box, "git.example.com") != [("allowed", done + 1, done + 1)]:
                time.sleep(0.05)  # they are written within a second
            box.firewall.kill()
            box.firewall.wait()
            (box.path / "run" / "ready").unlink()
            (box.path / "run" / "control").unlink(missing_ok=True)
            box.firewall.stderr.close()
            box.start()
