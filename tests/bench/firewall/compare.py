#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures agentbox-firewall against direct connections and against other programs that relay by name: nginx (stream,
ssl_preread), HAProxy (SNI), Squid (CONNECT) and dnsmasq, in paired runs, so that other load on the machine affects all alike.
Rates "a core" are per second of the relay's own processor time, so they are valid even on a busy machine. Nothing is asserted.

usage: compare.py /path/to/agentbox-firewall [PAIRS] [short]     as root, or as a user who may make user namespaces"""
import contextlib
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import peers

HERE = pathlib.Path(__file__).resolve().parent
SYSTEM = HERE.parent.parent / "system" / "firewall"
INSIDE = "AGENTBOX_BENCH_IN_NAMESPACES"
HOST, NAME, PORT = "10.77.0.3", "bench.example.com", 8443
rows = []


def row(what, got, goal=""):
    rows.append((what, got, goal))
    print(f"  {what}: {got}", flush=True)


def cpu_seconds(pid):
    """Returns the CPU time of the process' main thread in nanoseconds; the relays have no other thread."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


class Relay:
    """One path from a separate box to the server."""

    def __init__(self, world, load, hello):
        self.world, self.load, self.box = world, load, None
        self.environment = {"PATH": os.environ["PATH"], "LOAD_HELLO": hello.hex()}
        self.address, self.port, self.process = HOST, 443, None

    def direct(self):
        self.box = self.world.Box()
        return self

    def firewall(self, **policy):
        self.box = self.world.Box(**{"allow": [NAME], "private": [NAME], **policy}).start()
        self.process = self.box.firewall
        self.address = "198.18.0.1"
        self.box.probe("dns", NAME)
        return self

    def peer(self, argv, environment, connect=False):
        self.box = self.world.Box()
        # setfcap: needed to map root in a nested user namespace, as Squid's.
        self.process = subprocess.Popen([*self.box.into(("net_admin", "net_bind_service", "setfcap")), *argv], env=environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.address, self.port = "127.0.0.1", PORT
        if connect:
            self.environment["LOAD_CONNECT"] = f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n"
        for _ in range(200):
            if self.process.poll() is not None:
                raise RuntimeError(f"{argv[0]} ended: {self.process.stderr.read().decode()[-500:]}")
            if self.box.probe("tcp", host="127.0.0.1", port=PORT, read=False)["ok"]:
                return self
            time.sleep(0.05)
        raise RuntimeError(f"{argv[0]} does not listen")

    def run(self, verb, *arguments, address=None, port=None):
        argv = [*self.box.into(()), self.load, verb, address or self.address, str(port or self.port), *map(str, arguments)]
        before = cpu_seconds(self.process.pid) if self.process else 0
        done = subprocess.run(argv, capture_output=True, text=True, env=self.environment, check=False)
        if done.returncode:
            raise RuntimeError(f"{verb}: {done.stderr}")
        used = cpu_seconds(self.process.pid) - before if self.process else 0
        return [float(word) for word in done.stdout.split()], used

    def close(self):
        if self.process and self.process is not self.box.firewall:
            self.process.kill()
            self.process.wait()
            self.process.stderr.close()
        self.box.close()


def throughput(ways, pairs, mebibytes):
    rates, cores = {name: [] for name in ways}, {name: [] for name in ways}
    for _ in range(pairs):
        for name, way in ways.items():
            (rate,), used = way.run("send", mebibytes)
            rates[name].append(rate)
            cores[name].append(mebibytes / 1024 / used if used > 0 else 0)

    def ratio(one, other, of=rates):
        return statistics.median(a / b for a, b in zip(of[one], of[other]))
    for name, values in rates.items():
        core = f", {statistics.median(cores[name]):.2f} a core" if ways[name].process else ""
        row(f"throughput, {name}", f"{statistics.median(values):.2f} GiB/s{core}")
    row("throughput against a direct connection", f"{ratio('firewall', 'direct'):.2f}", "≥ 0.85")
    known = [name for name in ("nginx", "haproxy") if name in ways]
    if known:
        best = max(known, key=lambda name: statistics.median(rates[name]))
        row(f"throughput against the better of nginx and HAProxy ({best})",
            f"{ratio('firewall', best):.2f}, a core {ratio('firewall', best, cores):.2f}", "≥ 1.0")
    if "squid" in ways:
        row("throughput against Squid", f"{ratio('firewall', 'squid'):.2f}, a core {ratio('firewall', 'squid', cores):.2f}", "≥ 3")


def latency(ways, pairs, count):
    middles, tails = {name: [] for name in ways}, {name: [] for name in ways}
    for _ in range(pairs):
        for name, way in ways.items():
            _, middle, tail, _ = way.run("rate", count, 1)[0]
            middles[name].append(middle)
            tails[name].append(tail)
    for name in ways:
        row(f"connection and first byte, {name}", f"{statistics.median(middles[name]):.0f} us, p99 {statistics.median(tails[name]):.0f}")
    added = statistics.median(a - b for a, b in zip(middles["firewall"], middles["direct"]))
    tail = statistics.median(a - b for a, b in zip(tails["firewall"], tails["direct"]))
    row("added to a connection", f"{added:.0f} us, p99 {tail:.0f}", "≤ 150, p99 ≤ 1000")


def connections(ways, pairs, count):
    rates, cores = {name: [] for name in ways}, {name: [] for name in ways}
    for _ in range(pairs):
        for name, way in ways.items():
            (rate, _, _, failed), used = way.run("rate", count, 64)
            if failed:
                print(f"  {name}: {failed:.0f} of {count} connections failed")
            rates[name].append(rate)
            cores[name].append(count / used if used > 0 else 0)
    for name in ways:
        core = f", {statistics.median(cores[name]):.0f} a core" if ways[name].process else ""
        row(f"new connections, {name}", f"{statistics.median(rates[name]):.0f}/s{core}",
            "≥ 10000 a core, or ≥ 1.2 × HAProxy" if name == "firewall" else "")
    if "haproxy" in ways:
        row("new connections a core against HAProxy",
            f"{statistics.median(a / b for a, b in zip(cores['firewall'], cores['haproxy'])):.2f}")


def names(firewall, dnsmasq, pairs, seconds):
    ours, theirs, ratios = [], [], []
    for _ in range(pairs):
        (rate,), used = firewall.run("dns", seconds, 64, NAME, address="127.0.0.1", port=53)
        ours.append((rate, rate * seconds / used))
        if dnsmasq:
            (rate,), used = dnsmasq.run("dns", seconds, 64, NAME, address="127.0.0.1", port=5353)
            theirs.append((rate, rate * seconds / used))
            ratios.append((ours[-1][0] / theirs[-1][0], ours[-1][1] / theirs[-1][1]))
    for name, values in (("firewall", ours), ("dnsmasq", theirs)):
        if values:
            row(f"DNS answers, {name}", f"{statistics.median(v[0] for v in values):.0f}/s, "
                f"{statistics.median(v[1] for v in values):.0f} a core")
    if ratios:
        row("DNS answers against dnsmasq", f"{statistics.median(r[0] for r in ratios):.2f}, a core "
            f"{statistics.median(r[1] for r in ratios):.2f}", "≥ 1.5")


def long_list(world, relay):
    times, sizes, rates = {}, {}, {}
    for count in (1, 100_000):
        entries = [f"host-{i:06}.example.com" for i in range(count)] + [NAME]
        begins = []
        for _ in range(3):
            box = world.Box(allow=entries, private=[NAME])
            begin = time.monotonic()
            box.start()
            begins.append(time.monotonic() - begin)
            sizes[count] = box.rss_kib() / 1024
            relay.box, relay.process = box, box.firewall
            rates[count] = relay.run("dns", 0.5, 64, NAME, address="127.0.0.1", port=53)[0][0]
            box.close()
        times[count] = statistics.median(begins)
    row("100,000 entries: ready later by", f"{(times[100_000] - times[1]) * 1000:.0f} ms (of {times[100_000] * 1000:.0f})", "≤ 60 ms in all")
    row("100,000 entries: more memory", f"{sizes[100_000] - sizes[1]:.1f} MiB", "≤ 25")
    row("100,000 entries: lookup rate", f"{rates[100_000] / rates[1]:.2f}", "≈ 1")


def idle(way, count):
    before = way.box.rss_kib()
    holder = subprocess.Popen([*way.box.into(()), way.load, "hold", way.address, str(way.port), str(count)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True, env=way.environment)
    held = holder.stdout.readline().strip()
    after = way.box.rss_kib()
    holder.stdin.close()
    holder.wait()
    holder.stdout.close()
    row(f"{held or 'no'} idle connections: resident", f"{after / 1024:.1f} MiB (before {before / 1024:.1f})", "≤ 60 for 5000")


def main():
    program, pairs = os.path.realpath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    short = "short" in sys.argv
    if INSIDE not in os.environ:
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "agentbox-bench"
        cache.mkdir(parents=True, exist_ok=True)
        root = peers.fetch(cache)
        load = cache / "load"
        subprocess.run(["c++", "-O2", "-std=c++20", "-o", load, HERE / "load.cpp"], check=True)
        os.execvpe("unshare", ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc",
                               "--kill-child", sys.executable, __file__, program, str(pairs), *sys.argv[3:]],
                   {**os.environ, INSIDE: f"{load}:{root or ''}"})
    load, root = os.environ[INSIDE].split(":", 1)
    sys.path.insert(0, str(SYSTEM))
    import tls_bytes
    import world
    world.PROGRAM = program
    internet = world.Internet.get()
    internet.names.table[NAME] = [HOST]
    world.run("ip", "address", "add", f"{HOST}/32", "dev", "lo")
    subprocess.Popen([load, "serve", HOST, "443"])
    hello = tls_bytes.real_hello(NAME)
    time.sleep(0.3)

    def relay():
        return Relay(world, load, hello)
    ways = {"direct": relay().direct(), "firewall": relay().firewall()}
    dnsmasq = None
    directory = tempfile.mkdtemp(prefix="agentbox-bench-")
    if root:
        known = peers.Peers(pathlib.Path(root), directory)
        for name, argv, connect in (("nginx", known.nginx(PORT, NAME, f"{HOST}:443"), False),
                                    ("haproxy", known.haproxy(PORT, NAME, f"{HOST}:443"), False), ("squid", known.squid(PORT), True)):
            try:
                ways[name] = relay().peer(argv, known.environment, connect)
            except RuntimeError as error:
                print(f"  {name} is left out: {error}")
        dnsmasq = relay().direct()
        dnsmasq.process = subprocess.Popen([*dnsmasq.box.into(("net_admin", "net_bind_service")), *known.dnsmasq(5353, NAME)],
                                           env=known.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(0.3)
        if dnsmasq.process.poll() is not None:
            print(f"  dnsmasq is left out: {dnsmasq.process.stderr.read().decode()}")
            dnsmasq = None
    throughput(ways, pairs, 256 if short else 2048)
    latency(ways, pairs, 500 if short else 3000)
    connections(ways, pairs, 3000 if short else 20000)
    names(ways["firewall"], dnsmasq, pairs, 0.5 if short else 2)
    long_list(world, relay())
    # The firewall takes as many connections as it has descriptors for, six each.
    idle(ways["firewall"], min(500 if short else 5000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 7))
    for way in ways.values():
        with contextlib.suppress(ProcessLookupError):
            way.close()
    shutil.rmtree(directory, ignore_errors=True)
    width = max(len(what) for what, _, _ in rows)
    print()
    for what, got, goal in rows:
        print(f"{what:{width}}  {got:>34}  {goal}")


main()
