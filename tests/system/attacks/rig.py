# SPDX-License-Identifier: Apache-2.0
"""Runs the tables of attacks in a box, once behind the firewall and once without it, and records what arrived outside."""
import contextlib
import functools
import ipaddress
import re
import shutil
import subprocess
import tempfile
import pathlib

import box

PROBES = box.HERE / "probes"
PRODUCT = pathlib.Path(box.AGENTBOX).resolve().parent.parent / "libexec" / "agentbox" / "agentbox-probe"
MARKER = "agentbox-attack:"
# What the tables need from the test internet: names for HTTP and TLS, a port for another protocol, and names with addresses
# that no listed name may have.
ALLOWED = ["allowed.example", "allowed.example:80", "allowed.example:22", "allowed.example:8443", "*.wild.example"] + [
    name + ".example:22" for name in ("rebind", "metadata", "lan", "alias", "unspecified", "mapped", "turns")]


LISTED = {"203.0.113.7", "192.0.2.1"}  # of the listed host, and of the host's own name server


class Row:
    """One line of a table's report."""

    def __init__(self, line):
        self.name, self.family, self.tried, self.defence, self.verdict, self.detail = line.split("\t")

    def __str__(self):
        return f"{self.tried}: {self.verdict} ({self.detail})"


def landlock():
    """Returns the Landlock version that boxes use; 0: none."""
    done = subprocess.run([box.AGENTBOX, "doctor", "--quick", "--json"], capture_output=True, text=True, check=False)
    found = re.search(r'"ABI (\d+): second layer', done.stdout)
    return found.group(1) if found else 0


class Run:
    """One box in which every attack was made: the rows by name, and the packets that arrived outside during the attacks."""

    def __init__(self, *options):
        with tempfile.TemporaryDirectory(dir=box.HOME) as workspace:
            for program in (PRODUCT, PROBES / "probe_wire"):
                shutil.copy(program, workspace)
            internet = box.Internet()
            box.CONFIG.parent.mkdir(parents=True, exist_ok=True)
            box.CONFIG.write_text(f"[network]\nallow_hosts = {ALLOWED}\n")
            full = " --full-network" if "--full-network" in options else ""
            command = f"./agentbox-probe{full} --landlock {landlock()}; ./probe_wire{full}"
            done = subprocess.run([box.AGENTBOX, "run", *options, "--", "/bin/sh", "-c", command], cwd=workspace,
                                  capture_output=True, text=True, check=False, timeout=300, stdin=subprocess.DEVNULL)
            box.CONFIG.unlink()
        lines = [line for line in done.stdout.splitlines() if not line.startswith("end\t")]
        self.error = done.stderr
        self.rows = {row.name: row for row in map(Row, lines)}
        self.packets = internet.packets()
        self.names = internet.dns()
        self.sink = internet.sink()
        self.marked = {name for stream in streams(self.packets) for name in markers(stream)}
        self.reached = {packet["to"] for packet in self.packets}

    def arrived(self, name):
        """Returns whether anything of this attack arrived outside: its marker in a packet or a stream, a query for its name, or
        a packet for the address that it names."""
        tried = addresses(self.rows[name].tried) if name in self.rows else set()
        return (name in self.marked or any(name in asked.split(".") for asked in self.strange_names()) or
                bool(tried & (self.reached - LISTED)))

    def strange_names(self):
        """Returns the names that were queried outside, except the listed ones, which the firewall itself looks up."""
        listed = {entry.split(":")[0] for entry in ALLOWED}
        return {question["name"].lower() for question in self.names} - listed


def streams(packets):
    """Returns the bytes that were sent, per connection, so that a marker in several packets is found as well."""
    flows = {}
    for packet in packets:
        flows.setdefault((packet["to"], packet["protocol"], packet["source"], packet["port"]), []).append(packet)
    return [assembled(flow) for flow in flows.values()]


def assembled(flow):
    """Returns the bytes of one flow. On a busy machine TCP may send parts of it twice."""
    start = flow[0]["sequence"]
    if start is None:
        return "".join(packet["data"] for packet in flow)
    sent = {}
    for packet in flow:
        for place, character in enumerate(packet["data"], packet["sequence"] - start & 0xFFFFFFFF):
            sent[place] = character
    return "".join(sent[place] for place in sorted(sent))


def addresses(text):
    """Returns the IP addresses in a text, each in its usual form."""
    found = set()
    for word in re.split(r"[^0-9a-f.:]+", text):
        for candidate in (word, word.rsplit(":", 1)[0]):
            with contextlib.suppress(ValueError):
                address = ipaddress.ip_address(candidate)
                found.add(str(getattr(address, "ipv4_mapped", None) or address))
    return found


def markers(text):
    """Returns the attacks whose marker is in `text`."""
    return {part.split(".", 1)[0] for part in text.split(MARKER)[1:] if "." in part}


@functools.lru_cache(maxsize=None)
def filtered():
    """The box behind its firewall."""
    return Run()


@functools.lru_cache(maxsize=None)
def open_box():
    """The same box without a firewall: the positive control for every attack on the network."""
    return Run("--full-network")


def listed():
    """Returns (name, family, defence) of every attack."""
    out = subprocess.run([PROBES / "probe_wire", "--list"], capture_output=True, text=True, check=True).stdout
    return [tuple(line.split("\t")) for line in out.splitlines()]
