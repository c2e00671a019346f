#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures agentbox-firewall alone, against the same connections without it, in pairs. Nothing is asserted.

usage: relay.py /path/to/agentbox-firewall [PAIRS]     as root, or as a user who may make user namespaces"""
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
SYSTEM = HERE.parent.parent / "system" / "firewall"
INSIDE = "AGENTBOX_BENCH_IN_NAMESPACES"
HOST = "10.77.0.3"
MEBIBYTES = 1024

# The program in the box: sends bytes to a server that counts them, then makes short connections one after the other.
CLIENT = """
import socket, sys, time
sys.path.insert(0, sys.argv[1])
import probe
address, port = probe.address_of(sys.argv[2]), int(sys.argv[3])
with socket.create_connection((address, port)) as s:
    block, start = bytes(1 << 20), time.monotonic()
    for _ in range(int(sys.argv[4])):
        s.sendall(block)
    s.shutdown(socket.SHUT_WR)
    s.recv(100)
    rate = int(sys.argv[4]) / 1024 / (time.monotonic() - start)
times = []
for _ in range(1000):
    start = time.monotonic()
    with socket.create_connection((address, port + 1)) as s:
        s.send(b"x")
        s.recv(1)
    times.append(time.monotonic() - start)
times.sort()
print(rate, times[500] * 1e6, times[990] * 1e6)
"""
SERVER = """
import socket, sys, threading
def count(c):
    view = bytearray(1 << 20)
    while c.recv_into(view):
        pass
    c.sendall(b"done")
    c.close()
def echo(c):
    c.sendall(c.recv(1))
    c.close()
def serve(port, work):
    server = socket.create_server((sys.argv[1], port), backlog=1024)
    while True:
        threading.Thread(target=work, args=(server.accept()[0],), daemon=True).start()
threading.Thread(target=serve, args=(7777, count), daemon=True).start()
serve(7778, echo)
"""


def client(world, box, host):
    done = subprocess.run([*box.into(()), sys.executable, "-c", CLIENT, str(SYSTEM), host, "7777", str(MEBIBYTES)],
                          check=True, capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]


def start_up(world):
    times, resident, stops = [], 0, []
    for _ in range(15):
        box = world.Box(allow=["api.example.com"])
        begin = time.monotonic()
        box.start()
        times.append(time.monotonic() - begin)
        resident = box.rss_kib()
        stops.append(box.stop()[1])
        box.close()
    print(f"nsenter, setpriv, exec to ready: {statistics.median(times) * 1000:.0f} ms; resident {resident} KiB; "
          f"SIGTERM to exit {statistics.median(stops) * 1000:.1f} ms")


def main():
    program, pairs = os.path.realpath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    if INSIDE not in os.environ:
        os.execvpe("unshare", ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc",
                               "--kill-child", sys.executable, __file__, program, str(pairs)], {**os.environ, INSIDE: "1"})
    sys.path.insert(0, str(SYSTEM))
    import world
    world.PROGRAM = program
    start_up(world)
    internet = world.Internet.get()
    internet.names.table["bench.example.com"] = [HOST]
    world.run("ip", "address", "add", f"{HOST}/32", "dev", "lo")
    subprocess.Popen([sys.executable, "-c", SERVER, HOST])
    time.sleep(0.5)
    direct = world.Box()
    relayed = world.Box(allow=["bench.example.com:7777", "bench.example.com:7778"], private=["bench.example.com"]).start()
    ratios, added = [], []
    for _ in range(pairs):
        one, other = client(world, direct, HOST), client(world, relayed, "bench.example.com")
        ratios.append(other[0] / one[0])
        added.append(other[1] - one[1])
        print(f"direct {one[0]:.2f} GiB/s, {one[1]:.0f} us a connection (p99 {one[2]:.0f}); "
              f"relayed {other[0]:.2f} GiB/s, {other[1]:.0f} us (p99 {other[2]:.0f})")
    print(f"medians of the pairs: {statistics.median(ratios):.2f} of the throughput, {statistics.median(added):.0f} us added "
          f"to a connection; resident afterwards {relayed.rss_kib()} KiB")


main()
