# SPDX-License-Identifier: Apache-2.0
"""Attempts of a hostile process in the box. Runs in the box: probe.py NAME '[ARGUMENTS, NAMED ARGUMENTS]'; prints JSON.

Each probe reports {"ok": …, "error": errno's name or none, "seconds": …, …} and never raises."""
import contextlib
import errno
import json
import os
import socket
import struct
import sys
import time

PATIENCE = 60  # seconds; a caller that expects no answer passes a shorter timeout


def name_of(error):
    if isinstance(error, TimeoutError):
        return "ETIMEDOUT"
    return errno.errorcode.get(getattr(error, "errno", 0) or 0, type(error).__name__)


def query(name, kind=1, klass=1, ident=0x1234, extra=b"", additional=0):
    labels = b"".join(bytes([len(part)]) + part for part in name.encode("latin-1").strip(b".").split(b".") if part)
    return struct.pack(">HHHHHH", ident, 0x0100, 1, 0, 0, additional) + labels + b"\0" + struct.pack(">HH", kind, klass) + extra


def skip_name(message, at):
    while message[at]:
        if message[at] & 0xC0:
            return at + 2
        at += 1 + message[at]
    return at + 1


def parse(message):
    ident, flags, questions, answers, authorities, _ = struct.unpack(">HHHHHH", message[:12])
    at = 12
    for _ in range(questions):
        at = skip_name(message, at) + 4
    found = []
    for _ in range(answers):
        at = skip_name(message, at)
        kind, _, ttl, size = struct.unpack(">HHIH", message[at:at + 10])
        data = message[at + 10:at + 10 + size]
        at += 10 + size
        text = socket.inet_ntop(socket.AF_INET, data) if kind == 1 else \
            socket.inet_ntop(socket.AF_INET6, data) if kind == 28 else data[1:].decode() if kind == 16 else data.hex()
        found.append({"type": kind, "ttl": ttl, "data": text})
    return {"rcode": flags & 15, "answers": found, "authorities": authorities, "id": ident}


def ask(message, server="127.0.0.1", port=53, tcp=False, timeout=PATIENCE):
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.connect((server, port))
        if not tcp:
            s.send(message)
            return s.recv(4096)
        s.sendall(struct.pack(">H", len(message)) + message)
        data = b""
        while len(data) < 2 or len(data) < 2 + struct.unpack(">H", data[:2])[0]:
            piece = s.recv(4096)
            if not piece:
                raise ConnectionError("closed")
            data += piece
        return data[2:]


def dns(name, kind=1, server="127.0.0.1", port=53, tcp=False, timeout=PATIENCE):
    return parse(ask(query(name, kind), server, port, tcp, timeout))


def dns_raw(hex_message, tcp=False, timeout=0.3):
    return {"answer": ask(bytes.fromhex(hex_message), tcp=tcp, timeout=timeout).hex()}


def address_of(host):
    """Returns the address that the box's resolver gives, or the literal itself."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
        return host
    except OSError:
        found = dns(host)["answers"]
        if not found:
            raise LookupError("NXDOMAIN") from None
        return found[0]["data"]


def tcp(host, port, send="", split=0, pause=0.01, read=True, timeout=PATIENCE, half_close=True, then="", times=1, wait=0.1, before=0):
    """Connects, reads `before` bytes, sends hex bytes (in pieces of `split`), `then` more after a while, reads to the end."""
    address = address_of(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    received = b""
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(timeout)
        s.connect((address, port))
        out = {"connected": True}
        try:
            while len(received) < before:
                received += s.recv(before - len(received))
            data = bytes.fromhex(send) * times
            for at in range(0, len(data), split or max(len(data), 1)):
                s.sendall(data[at:at + (split or len(data))])
                if split:
                    time.sleep(pause)
            if then:
                time.sleep(wait)
                s.sendall(bytes.fromhex(then))
            if half_close:
                s.shutdown(socket.SHUT_WR)
        except OSError as error:  # closed by the other side, which may have sent something before
            out["later"] = name_of(error)
        try:
            while read:
                piece = s.recv(65536)
                if not piece:
                    break
                received += piece
        except OSError as error:
            out.setdefault("later", name_of(error))
        return {**out, "received": received.hex()}


def greeting(host, port):
    """Returns what the server sends first."""
    with socket.create_connection((address_of(host), port), PATIENCE) as s:
        return {"received": s.recv(4096).hex()}


def exchange(host, port, steps):
    """Sends each of `steps` (hex bytes) and waits for something to come back before the next one."""
    received = b""
    with socket.create_connection((address_of(host), port), PATIENCE) as s:
        for step in steps:
            if step:
                s.sendall(bytes.fromhex(step))
                received += s.recv(4096)
        s.shutdown(socket.SHUT_WR)
        while piece := s.recv(4096):
            received += piece
    return {"received": received.hex()}


def tcp_on(interface, host, port, send):
    """Like tcp(), from a socket that is bound to an interface, which needs no privilege."""
    address = address_of(host)
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as s:
        s.setsockopt(socket.SOL_SOCKET, 25, interface.encode())  # SO_BINDTODEVICE
        s.settimeout(1)
        s.connect((address, port))
        s.sendall(bytes.fromhex(send))
        s.shutdown(socket.SHUT_WR)
        return {"received": s.recv(4096).hex()}


def bulk(host, port, prefix, megabytes):
    """Sends a number of MB through an echo, and counts and checksums what returns."""
    import threading
    import zlib
    with socket.socket() as s:
        s.settimeout(PATIENCE)
        s.connect((address_of(host), port))
        block = os.urandom(1 << 20)
        sent = zlib.crc32(bytes.fromhex(prefix))

        def write():
            nonlocal sent
            s.sendall(bytes.fromhex(prefix))
            for _ in range(megabytes):
                sent = zlib.crc32(block, sent)
                s.sendall(block)
            s.shutdown(socket.SHUT_WR)
        writer = threading.Thread(target=write)
        start = time.monotonic()
        writer.start()
        size, got, view = 0, 0, bytearray(1 << 20)
        while count := s.recv_into(view):
            size += count
            got = zlib.crc32(memoryview(view)[:count], got)
        writer.join()
        return {"size": size, "same": got == sent, "rate": 2 * size / (time.monotonic() - start)}


def upload(host, port, size):
    """Sends `size` bytes to an echo, and reads at the same time, until the connection ends, so that no full buffer blocks."""
    import threading

    def read():
        with contextlib.suppress(OSError):
            while s.recv(1 << 16):
                pass
    with socket.create_connection((address_of(host), port), PATIENCE) as s:
        reader = threading.Thread(target=read)
        reader.start()
        with contextlib.suppress(OSError):
            s.sendall(b"p" * size)
            s.shutdown(socket.SHUT_WR)
        reader.join()
    return {}


def udp(host, port, send="00"):
    """Sends a datagram from a connected socket, and again, so that an ICMP error shows."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.connect((host, port))
        s.send(bytes.fromhex(send))
        try:
            return {"received": s.recv(4096).hex()}
        except TimeoutError:
            s.send(bytes.fromhex(send))
            return {}


def ping(host):
    v6 = ":" in host
    kind = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM, kind) as s:
        s.settimeout(PATIENCE)
        s.connect((host, 0))
        s.send(struct.pack(">BBHHH", 128 if v6 else 8, 0, 0, 1, 1))
        return {"received": s.recv(4096).hex()}


def sctp(host, port):
    return socket_of(socket.SOCK_STREAM, 132, host, port)


def mptcp(host, port):
    return socket_of(socket.SOCK_STREAM, 262, host, port)


def udplite(host, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136) as s:
        s.connect((host, port))
        s.send(b"x")
        return {}


def socket_of(kind, protocol, host, port):
    with socket.socket(socket.AF_INET, kind, protocol) as s:
        s.settimeout(2)
        s.connect((host, port))
        s.sendall(b"x")
        return {}


def fast_open(host, port):
    with socket.socket() as s:
        s.settimeout(2)
        s.sendto(b"x", 0x20000000, (host, port))  # MSG_FASTOPEN
        return {}


def marked(host, port, mark=0x61626278):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
        s.setsockopt(socket.SOL_SOCKET, 36, mark)  # SO_MARK
        s.settimeout(PATIENCE)
        s.connect((host, port))
        return {}


def attempts(cases, mark):
    """Makes one connection or datagram for each [protocol, address, port]: "ok" or the errno's name."""
    verdicts = []
    for protocol, host, port in cases:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM) as s:
            try:
                if mark:
                    s.setsockopt(socket.SOL_SOCKET, 36, 0x61626278)  # SO_MARK
                s.settimeout(PATIENCE)
                s.connect((host, port))
                if protocol == "udp":
                    s.settimeout(0.5)  # some servers answer nothing
                    s.send(b"x")
                    with contextlib.suppress(TimeoutError):
                        s.recv(1)
                verdicts.append("ok")
            except OSError as error:
                # A reset comes after the handshake: the kernel let it through, and the proxy did not.
                verdicts.append("ok" if name_of(error) == "ECONNRESET" else name_of(error))
    return {"verdicts": verdicts}


def raw(host):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, 253) as s:
        s.sendto(b"x", (host, 0))
        return {}


def packet(_=None):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW):
        return {}


def bind(address, port, reuse=False):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind((address, port))
        s.listen()
        return {}


def command(*argv):
    import subprocess
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(0, done.stderr.strip())
    return {"out": done.stdout}


def many_names(count, suffix):
    """Queries `count` names, and returns the number of each kind of answer."""
    counts = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE)
        s.connect(("127.0.0.1", 53))
        start = time.monotonic()
        for i in range(count):
            s.send(query(f"n{i}.{suffix}", ident=i & 0xFFFF))
            rcode = s.recv(4096)[3] & 15
            counts[str(rcode)] = counts.get(str(rcode), 0) + 1
        return {"rcodes": counts, "rate": count / (time.monotonic() - start)}


def flood(host, port, count, keep=2.0, send="", timeout=PATIENCE, until=None):
    """Opens `count` connections and leaves them half-open, for `keep` seconds or until the file `until` exists."""
    address, held, failed = address_of(host), [], 0
    for _ in range(count):
        s = socket.socket()
        s.settimeout(timeout)
        try:
            s.connect((address, port))
            s.sendall(bytes.fromhex(send))
            held.append(s)
        except OSError:
            failed += 1
    while until and not os.path.exists(until):
        time.sleep(0.05)
    time.sleep(0 if until else keep)
    return {"held": len(held), "failed": failed}


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def burst(host, port, count, parallel, send):
    """Makes `count` connections, `parallel` at a time, each reset as soon as the first byte of its echo is there."""
    import selectors
    address, data, waiting = address_of(host), bytes.fromhex(send), selectors.DefaultSelector()
    started = done = failed = 0
    while done + failed < count:
        while started < count and started - done - failed < parallel:
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex((address, port))
            waiting.register(s, selectors.EVENT_WRITE)
            started += 1
        ready = waiting.select(PATIENCE)
        if not ready:
            return {"ok": False, "failed": count - done}
        for key, events in ready:
            s = key.fileobj
            try:
                if events & selectors.EVENT_WRITE:
                    s.send(data)
                    waiting.modify(s, selectors.EVENT_READ)
                    continue
                if not s.recv(65536):
                    raise ConnectionError
                done += 1
            except OSError:
                failed += 1
            waiting.unregister(s)
            reset(s)
    return {"failed": failed}


def churn(mix, count):
    """Makes connections of every kind in `mix` (host, port, hex bytes), read or left unread, closed or reset."""
    for i in range(count):
        host, port, send = mix[i % len(mix)]
        with socket.socket() as s:
            s.settimeout(0.5)
            try:
                s.connect((address_of(host), port))
                s.sendall(bytes.fromhex(send))
                if i % 3:
                    s.recv(65536)
                if i % 2:
                    reset(s)
            except OSError:
                pass
    return {}


def main():
    arguments, named = json.loads(sys.argv[2])
    start = time.monotonic()
    result = {"ok": True, "error": None}
    try:
        result.update(globals()[sys.argv[1]](*arguments, **named))
    except Exception as error:  # pylint: disable=broad-except
        result.update(ok=False, error=name_of(error), text=str(error))
    result["seconds"] = time.monotonic() - start
    print(json.dumps(result))


if __name__ == "__main__":
    main()
