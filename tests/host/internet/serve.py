#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The servers of the test internet; `up` starts this inside the network namespace that plays the internet.

usage: serve.py DIRECTORY      DIRECTORY holds zone.json, cert.pem and key.pem; the logs are written there.

Logs, one JSON object per line, each flushed immediately:
  dns.jsonl       every DNS query          {time, name, type, transport}
  http.jsonl      every HTTP(S) request    {time, to, sni, method, host, path, bytes, upgrade}
  sink.jsonl      every TCP connection to a port without a server, with the bytes received
  packets.jsonl   every packet from the host's side, of any protocol, with the start of its payload
"""
import ctypes
import gzip
import http.server
import itertools
import json
import os
import pathlib
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time

import signin
import vendors

DIRECTORY = pathlib.Path(sys.argv[1])
ZONE = {name.lower(): record for name, record in json.loads((DIRECTORY / "zone.json").read_text()).items()}
TURNS = {}
SINK_PORT = 7  # where `with` redirects every port without a server
SO_ORIGINAL_DST = 80
SO_RCVBUFFORCE = 33
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 3, 0x0800, 0x86DD
TYPES = {1: "A", 5: "CNAME", 16: "TXT", 28: "AAAA", 64: "SVCB", 65: "HTTPS"}


class Log:
    """An append-only file of JSON lines."""

    def __init__(self, name):
        self._file = open(DIRECTORY / name, "a", encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, **fields):
        with self._lock:
            self._file.write(json.dumps({"time": round(time.time(), 3), **fields}) + "\n")
            self._file.flush()


DNS, HTTP, SINK, PACKETS = Log("dns.jsonl"), Log("http.jsonl"), Log("sink.jsonl"), Log("packets.jsonl")


# --- DNS --------------------------------------------------------------------------------------------------------

def _question(message):
    """Returns (name, type, bytes of the question) of a query."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
        at += 1 + message[at]
    return ".".join(labels), struct.unpack("!H", message[at + 1:at + 3])[0], message[12:at + 5]


def _name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _record(owner, kind, data):
    return owner + struct.pack("!HHIH", kind, 1, 5, len(data)) + data


def answer(message, transport):
    """Returns the reply to one query, by ZONE: A, AAAA and one step of CNAME; NXDOMAIN for other names."""
    name, qtype, question = _question(message)
    DNS.write(name=name, type=TYPES.get(qtype, qtype), transport=transport)
    owner, answers = b"\xc0\x0c", []
    record = ZONE.get(name.lower())
    if record and "CNAME" in record:
        target = _name(record["CNAME"])
        answers.append(_record(owner, 5, target))
        owner, record = target, ZONE[record["CNAME"]]
    family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(qtype)
    if record and family:
        addresses = record.get(TYPES[qtype], [])
        if "turns" in record and addresses:  # a different address for each query, for DNS rebinding
            addresses = [addresses[next(TURNS.setdefault(name.lower(), itertools.count())) % len(addresses)]]
        answers += [_record(owner, qtype, socket.inet_pton(family, address)) for address in addresses]
    code = 0 if record is not None else 3
    return message[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(answers), 0, 0) + question + b"".join(answers)


class DnsUdp(socketserver.BaseRequestHandler):
    def handle(self):
        message, sock = self.request
        sock.sendto(answer(message, "udp"), self.client_address)


class DnsTcp(socketserver.BaseRequestHandler):
    def handle(self):
        stream = self.request.makefile("rb")
        while len(size := stream.read(2)) == 2:
            reply = answer(stream.read(struct.unpack("!H", size)[0]), "tcp")
            self.request.sendall(struct.pack("!H", len(reply)) + reply)


# --- HTTP and TLS -----------------------------------------------------------------------------------------------

RESPONSES = {("api.openai.com", "/v1/responses"), ("chatgpt.com", "/backend-api/codex/responses")}  # with a key; an account


def unzstd(data):
    """Decompresses what codex sends to ChatGPT; Python has this from 3.14 on."""
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(16 << 20)
    size = library.ZSTD_decompress(out, ctypes.c_size_t(len(out)), data, ctypes.c_size_t(len(data)))
    if size > len(out):
        raise ValueError("not zstd")
    return out.raw[:size]


class Web(http.server.BaseHTTPRequestHandler):
    """Answers like the vendor that the Host header names, else with one line that names the host."""
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.sni = getattr(self.request, "agentbox_sni", None)

    def log_message(self, *_):
        pass

    def _body(self):
        body = self._raw_body()
        return {"gzip": gzip.decompress, "zstd": unzstd}.get(self.headers.get("Content-Encoding"), bytes)(body)

    def _raw_body(self):
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _reply(self, status, kind, parts):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in parts:
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def _json(self, status, value):
        self._reply(status, "application/json", [json.dumps(value).encode()])

    def _any(self):
        body = self._body()
        host = (self.headers.get("Host") or "").split(":")[0]
        path = self.path.split("?")[0]
        HTTP.write(to=self.connection.getsockname()[0].removeprefix("::ffff:"), sni=self.sni, method=self.command, host=host, path=path,
                   bytes=len(body), about_box=b"/run/agentbox/box.json" in body, upgrade=self.headers.get("Upgrade"))
        if os.environ.get("AGENTBOX_SERVE_DUMP") and body:
            (DIRECTORY / f"body-{time.time():.3f}-{host}{path.replace('/', '_')}").write_bytes(body)
        signed_in = signin.answer(host, path, body, self.headers)
        if signed_in:
            self._json(*signed_in)
        elif self.headers.get("Upgrade"):
            self._json(426, {"error": {"message": "no websockets here"}})
        elif (host, path) in RESPONSES and self.command == "POST":
            self._reply(200, "text/event-stream", vendors.sse(vendors.openai(json.loads(body))))
        elif host == "api.anthropic.com" and path == "/v1/messages" and self.command == "POST":
            request = json.loads(body)
            message, events = vendors.anthropic(request)
            if request.get("stream"):
                self._reply(200, "text/event-stream", vendors.sse(events))
            else:
                self._json(200, {**message, "content": [{"type": "text", "text": vendors.DONE}],
                                 "stop_reason": "end_turn"})
        elif host == "chatgpt.com" and path == "/backend-api/codex/models":
            self._json(200, {"models": []})
        elif host == "api.anthropic.com" and path == "/api/hello":
            self._json(200, {"message": "hello"})
        elif host in ("api.openai.com", "api.anthropic.com", "chatgpt.com"):
            self._json(404, {"error": {"type": "not_found_error", "message": "not in this stand-in"}})
        else:
            self._reply(200, "text/plain", [f"hello from {host}\n".encode()])

    do_GET = do_POST = do_PUT = do_HEAD = _any


class Server(socketserver.ThreadingTCPServer):
    """Listens on every address of both families."""
    address_family = socket.AF_INET6
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128


class DnsUdpServer(socketserver.ThreadingUDPServer):
    address_family = socket.AF_INET6
    allow_reuse_address = daemon_threads = True
    max_packet_size = 65535


class TlsServer(Server):
    def __init__(self, address, handler):
        super().__init__(address, handler)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(DIRECTORY / "cert.pem", DIRECTORY / "key.pem")
        self._context.set_alpn_protocols(["http/1.1"])
        self._context.sni_callback = lambda sock, name, _: setattr(sock, "agentbox_sni", name)

    def finish_request(self, request, client_address):
        try:
            with self._context.wrap_socket(request, server_side=True) as tls:
                self.RequestHandlerClass(tls, client_address, self)
        except (OSError, ssl.SSLError) as error:
            HTTP.write(error=str(error))


# --- sinks ------------------------------------------------------------------------------------------------------

class Sink(socketserver.BaseRequestHandler):
    """Accepts and logs everything, and sends a greeting, so that a probe can tell that it got through."""

    def handle(self):
        family = socket.AF_INET if self.request.getsockname()[0].startswith("::ffff:") else socket.AF_INET6
        level, at, size = (socket.SOL_IP, 4, 4) if family == socket.AF_INET else (socket.IPPROTO_IPV6, 8, 16)
        original = self.request.getsockopt(level, SO_ORIGINAL_DST, 28)
        to, port = socket.inet_ntop(family, original[at:at + size]), struct.unpack_from("!H", original, 2)[0]
        self.request.settimeout(5)
        data = b""
        try:
            self.request.sendall(b"sink\n")
            while part := self.request.recv(65536):
                data += part
        except OSError:
            pass
        SINK.write(to=to, port=port, bytes=len(data), data=data[:4096].decode("latin-1"))


def sniff():
    """Logs every IP packet that arrives from the site, of any protocol."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    sock.bind(("uplink", ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)  # a busy machine reads late
    while True:
        packet, (_, ethertype, direction, *_) = sock.recvfrom(65535)
        if direction == socket.PACKET_OUTGOING:
            continue
        if ethertype == ETH_P_IP:
            payload, protocol = (packet[0] & 15) * 4, packet[9]
            to = socket.inet_ntop(socket.AF_INET, packet[16:20])
        elif ethertype == ETH_P_IPV6:
            payload, protocol = 40, packet[6]
            to = socket.inet_ntop(socket.AF_INET6, packet[24:40])
        else:
            continue
        source = port = sequence = None
        if protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP) and len(packet) >= payload + 8:
            source, port = struct.unpack_from("!HH", packet, payload)
        if protocol == socket.IPPROTO_TCP and len(packet) >= payload + 20:
            sequence = struct.unpack_from("!I", packet, payload + 4)[0]
            payload += (packet[payload + 12] >> 4) * 4  # the TCP payload, so that streams can be reassembled
        PACKETS.write(to=to, protocol=protocol, port=port, source=source, sequence=sequence, bytes=len(packet),
                      data=packet[payload:payload + 1600].decode("latin-1"))


def main():
    servers = [
        DnsUdpServer(("", 53), DnsUdp),
        DnsUdpServer(("::ffff:192.0.2.99", 53), DnsUdp),  # else it would answer from 192.0.2.1
        Server(("", 53), DnsTcp),
        Server(("", 80), Web),
        TlsServer(("", 443), Web),
        Server(("", SINK_PORT), Sink),
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=sniff, daemon=True).start()
    (DIRECTORY / "ready").touch()
    threading.Event().wait()


main()
