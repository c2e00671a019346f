# SPDX-License-Identifier: Apache-2.0
"""ClientHellos: a real one, and crafted ones."""
import ssl
import struct


def real_hello(name):
    """Returns what Python's TLS (OpenSSL) sends to `name`."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def sized(body):
    return struct.pack(">H", len(body)) + body


def extension(kind, body):
    return struct.pack(">H", kind) + sized(body)


def server_names(*names):
    return extension(0, sized(b"".join(b"\0" + sized(name.encode()) for name in names)))


def message(extensions):
    body = b"\3\3" + b"r" * 32 + b"\0" + sized(b"\x13\x01") + b"\1\0" + sized(extensions)
    return b"\1\0" + sized(body)


def records(data, size=16384):
    return b"".join(b"\x16\3\1" + sized(data[at:at + size]) for at in range(0, len(data), size))


def hello(*extensions):
    return records(message(b"".join(extensions)))


ECH = extension(0xFE0D, b"\0\0\1\0\1\0\0\0\0\0")
ALERT = bytes([21, 3, 3, 0, 2, 2, 49])
# A hello with this is answered with a HelloRetryRequest (RFC 8446 §4.1.3).
ASKS_FOR_RETRY = extension(0x2A2A, b"retry, please")
RETRY = records(b"\2\0" + sized(b"\3\3" + bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c") +
                                b"\0\x13\x01\0" + sized(extension(43, b"\3\4"))))
